"""Pretrained encoders that are tuned here: their last layers, all of them, or small matrices beside the large ones."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from sensorium.encoders.encoder import Encoder
from sensorium.encoders.torch_network import TorchNetwork
from sensorium.encoders.trainable.trainable import Trainable, Tune
from sensorium.errors import UserError

LAST = 0.25  # of the weights, from the end
EPOCHS = 6  # where params.yaml gives none
RANK = 8  # of the matrices beside
RATES: dict[Tune, float] = {"last": 2e-4, "lora": 1e-3, "all": 1e-4}  # low: what was learnt before is to stay
Augment = Callable[[Tensor], Tensor]


class TunedNetwork(nn.Module):
    """A pretrained network, in the state that it has after training, and the mean over its tokens.

    Args:
        pretrained: gives features ``[batch, tokens, dim]``.
        dim: of them.
        augment: what is done to pictures while they are learnt from.
    """

    def __init__(self, pretrained: nn.Module, dim: int, augment: Augment | None) -> None:
        super().__init__()
        self.pretrained, self._augment = pretrained, augment
        self.layers = nn.Sequential(nn.LayerNorm(dim), nn.Dropout(0.3))

    def train(self, mode: bool = True) -> "TunedNetwork":
        """Statistics of batches, and chance, of the pretrained network stay out of it: few values are learnt from."""
        super().train(mode)
        self.pretrained.eval()
        return self

    def forward(self, *given: Tensor, **named: Tensor) -> Tensor:
        if self.training and self._augment is not None:
            named = {name: self._augment(array) for name, array in named.items()}
        states: Tensor = self.layers(self.pretrained(*given, **named).mean(1))
        return states


def tuned(encoder: Encoder, tune: Tune, example: Any, augment: Augment | None = None) -> Trainable:
    """A pretrained encoder, to be tuned.

    Args:
        encoder: it.
        tune: what of it learns.
        example: a cleaned value.
        augment: what is done to pictures while they are learnt from.

    Raises:
        UserError: if it cannot learn.
    """
    if encoder.preprocess.most_tokens is not None:
        raise UserError("it gives values differing numbers of tokens, and cannot be tuned; leave `tune` out")
    if not isinstance(encoder.network, TorchNetwork):
        raise UserError("it is an ONNX file, which cannot be tuned; leave `tune` out")
    module = encoder.network.module.cpu()
    batch = encoder.preprocess.collate([encoder.preprocess(example)])
    features = module.requires_grad_(True)(**{name: torch.from_numpy(array) for name, array in batch.items()})
    features.sum().backward()
    merge, dim = TUNE[tune](module), features.shape[2]
    module.zero_grad()
    network = TunedNetwork(module, dim, augment)
    return Trainable(
        encoder.preprocess, network, f"{tune} 1 of {encoder.version}", dim, rate=RATES[tune], epochs=EPOCHS, merge=merge
    )


def _nothing() -> None:
    pass


def _last(module: nn.Module) -> Callable[[], None]:
    module.requires_grad_(False)
    weights = [one for one in module.parameters() if one.grad is not None]  # others have no part in the features
    counted, total = 0, sum(one.numel() for one in weights)
    for one in reversed(weights):
        one.requires_grad_(counted + one.numel() <= LAST * total or counted == 0)
        counted += one.numel()
    return _nothing


def _all(module: nn.Module) -> Callable[[], None]:
    for one in module.parameters():
        one.requires_grad_(one.grad is not None)
    return _nothing


def _lora(module: nn.Module) -> Callable[[], None]:
    """LoRA (Hu et al. 2021, arXiv:2106.09685): matrices of low rank beside those of all layers."""
    from peft import LoraConfig, inject_adapter_in_model
    from peft.tuners.tuners_utils import BaseTunerLayer

    names = [
        name
        for name, layer in module.named_modules()
        if isinstance(layer, nn.Linear) or (isinstance(layer, nn.Conv2d) and layer.groups == 1)
    ]
    if not names:
        raise UserError("it has no layers that small matrices could stand beside; tune its last layers, or all")
    module.requires_grad_(False)
    inject_adapter_in_model(LoraConfig(r=RANK, lora_alpha=2 * RANK, target_modules=names), module)

    def merge() -> None:
        for layer in module.modules():
            if isinstance(layer, BaseTunerLayer):
                layer.merge()

    return merge


TUNE: dict[Tune, Callable[[nn.Module], Callable[[], None]]] = {"last": _last, "lora": _lora, "all": _all}
