"""Pretrained torch networks, each pooled to features ``[batch, tokens, dim]``."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from sensorium.errors import UserError


class TorchNetwork:
    """A frozen torch module behind numpy arrays, on the GPU where there is one."""

    def __init__(self, module: nn.Module) -> None:
        # Serving computes in full fp32: what training saw may not be rounded more coarsely.
        torch.backends.cudnn.allow_tf32 = False
        self.module = module.eval().requires_grad_(False)
        self.to("cuda" if torch.cuda.is_available() else "cpu")

    def to(self, device: str) -> None:
        """Moves it to another device."""
        self.device = torch.device(device)
        self.module.to(self.device)

    def __call__(self, batch: Mapping[str, np.ndarray]) -> np.ndarray:
        with torch.inference_mode():
            tensors = {name: torch.from_numpy(array).to(self.device) for name, array in batch.items()}
            return self.module(**tensors).cpu().numpy()

    def export(self, path: Path, example: Mapping[str, np.ndarray], axes: Mapping[str, Mapping[int, str]]) -> None:
        """Writes the module as ONNX; ``example`` gives the arrays, ``axes`` which of their axes vary."""
        from sensorium.models.export import export_onnx

        export_onnx(self.module.cpu(), path, example, ["features"], {**axes, "features": {0: "batch"}})
        self.module.to(self.device)


class MeanOfTokens(nn.Module):
    """Mean over the tokens that are not padding: what sentence-transformers were trained with."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model.get_encoder() if getattr(model.config, "is_encoder_decoder", False) else model

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        states = self.model(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        weights = attention_mask[..., None].to(states.dtype)
        return (states * weights).sum(1, keepdim=True) / weights.sum(1, keepdim=True)


class PooledPicture(nn.Module):
    """A vision model's own pooled output, or the mean over its patches."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = getattr(model, "vision_model", model)

    def forward(self, pixel_values: Tensor) -> Tensor:
        output = self.model(pixel_values=pixel_values)
        if (pooled := getattr(output, "pooler_output", None)) is not None:
            return pooled.flatten(1)[:, None]
        states = output.last_hidden_state
        return (states.mean(1) if states.dim() == 3 else states.mean((2, 3)))[:, None]


class MeanOfFrames(nn.Module):
    """Mean over the frames of a waveform model that lie inside the clip."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model: Any = model

    def forward(self, input_values: Tensor, attention_mask: Tensor) -> Tensor:
        states = self.model(input_values=input_values, attention_mask=attention_mask).last_hidden_state
        heard = torch.arange(states.shape[1], device=states.device) * input_values.shape[1] // states.shape[1]
        weights = (heard[None] < attention_mask.sum(1, keepdim=True))[..., None].to(states.dtype)
        return (states * weights).sum(1, keepdim=True) / weights.sum(1, keepdim=True)


class ConvolutionalFeatures(nn.Module):
    """The mean over the last feature map of an EfficientNet."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model: Any = model

    def forward(self, pixel_values: Tensor) -> Tensor:
        return self.model.extract_features(pixel_values).mean((2, 3))[:, None]


class AsToken(nn.Module):
    """The columns of a row as they are: one token."""

    def forward(self, columns: Tensor) -> Tensor:
        return columns.clone()


def efficientnet_lite0(weights: Path) -> nn.Module:
    """EfficientNet-Lite0 (Tan and Le 2019, arXiv:1905.11946) without its classifier; 1280 numbers a picture."""
    from efficientnet_lite_pytorch import EfficientNet

    network = EfficientNet.from_name("efficientnet-lite0")
    network.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
    return ConvolutionalFeatures(network)


def load_transformer(folder: Path) -> Any:
    """A transformers model from its folder: safetensors only, no code of the folder is run.

    Raises:
        UserError: if transformers cannot load it.
    """
    from transformers import AutoModel
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        return AutoModel.from_pretrained(folder, use_safetensors=True, attn_implementation="eager")
    except (OSError, ValueError, KeyError) as error:
        reason = str(error).strip().splitlines()[0]
        raise UserError(f"encoder {str(folder)!r} cannot be loaded: {reason}") from error


def weight_files(folder: Path) -> tuple[Path, ...]:
    """The files that decide what a transformers folder computes."""
    return (*sorted(folder.glob("*.safetensors")), folder / "config.json")
