"""The network: a projection per input, a fusion, and a head per target."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from sensorium.errors import UserError, reason
from sensorium.models.fusion import fusion_class
from sensorium.models.fusion.beside import BesideFusion, BesideMap
from sensorium.models.masks import presence, tokens_of
from sensorium.stats.scale import BOUND, scale
from sensorium.targets import Learnt, learnt


@dataclass(frozen=True)
class NetworkConfig:
    """What a network is built from.

    Attributes:
        inputs: feature size of every input.
        targets: the state of every target's learnt half; of classes their names, in the order of the logits.
        kind: name of the fusion.
        width: size of tokens behind the projections and of the fused vector.
        layers: layers of the fusion.
        dropout: share of units dropped.
        beside: sizes of the fused vectors of other fusions beside it, by kind.
        shares: by target and kind how much each fusion counts in the mean that is answered, where there are several.
    """

    inputs: dict[str, int]
    targets: dict[str, Any]
    kind: str
    width: int
    layers: int
    dropout: float
    beside: dict[str, int] = field(default_factory=dict)
    shares: dict[str, dict[str, float]] = field(default_factory=dict)

    @property
    def learnt(self) -> dict[str, Learnt]:
        """What training rows taught of every target."""
        return {name: learnt(state) for name, state in self.targets.items()}

    @property
    def widths(self) -> dict[str, int]:
        """Sizes of the fused vectors of all fusions, by kind."""
        return {self.kind: self.width, **self.beside}

    def shares_of(self, target: str) -> dict[str, float]:
        """How much each fusion counts in a target's answer, by kind."""
        return self.shares.get(target, {self.kind: 1.0})


class Projection(nn.Module):
    """Standardises an input's features by the training rows' scale, within bounds, then maps them to ``width``."""

    def __init__(self, dim: int, token_map: nn.Module) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(dim))
        self.register_buffer("deviation", torch.ones(dim))
        self.map = token_map

    def fit(self, features: Tensor) -> None:
        """Takes the scale of the tokens of training features ``[rows, tokens, dim]``."""
        mean, deviation = scale(tokens_of(features).numpy())
        self.mean, self.deviation = (torch.from_numpy(array.astype(np.float32)) for array in (mean, deviation))

    def standardise(self, features: Tensor) -> Tensor:
        """Features on the training rows' scale, within bounds."""
        return ((features - self.mean) / self.deviation).clamp(-BOUND, BOUND)

    def forward(self, features: Tensor) -> Tensor:
        return self.map(self.standardise(features))


class Network(nn.Module):
    """The outputs of every target's head from the features of any subset of inputs.

    Attributes:
        targets: what training rows taught of every target.
    """

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        self.targets = config.learnt
        inputs = list(config.inputs)
        sizes = [(fusion_class(kind), width) for kind, width in config.widths.items()]
        maps = [
            [kind.token_map(len(inputs), dim, width, config.dropout) for kind, width in sizes]
            for dim in config.inputs.values()
        ]
        fusions = [kind(inputs, width, config.layers, config.dropout) for kind, width in sizes]
        numbers = [kind.numbers(len(inputs), width) for kind, width in sizes]
        self.fusion: nn.Module = BesideFusion(fusions, numbers) if config.beside else fusions[0]
        # Lists, not dicts by name: torch's containers refuse names such as `type` or `keys`, which columns may have.
        self.projections = nn.ModuleList(
            Projection(dim, BesideMap(own) if config.beside else own[0])
            for dim, own in zip(config.inputs.values(), maps, strict=True)
        )
        self.heads = nn.ModuleList(nn.Linear(sum(config.widths.values()), one.outputs) for one in self.targets.values())
        self.temperatures: Tensor
        self.absence: Tensor  # what a missing input adds to the logarithm of each target's temperature
        self.register_buffer("temperatures", torch.ones(len(config.targets)))
        self.register_buffer("absence", torch.zeros(len(config.targets), len(config.inputs)))

    def forward(self, features: Mapping[str, Tensor], masks: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Outputs ``[batch, outputs]`` by target.

        Args:
            features: ``[batch, tokens, dim]`` of every input; whatever finite stands in for tokens that are not there.
            masks: float ``[batch, tokens]`` of every input, 1 where the row has the token, else 0: a row that has no
                token of an input lacks the input.
        """
        return self.answer(self.project(features), masks)

    def project(self, features: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Tokens ``[batch, tokens, width]`` of every input."""
        return {
            name: project(features[name]) for name, project in zip(self.config.inputs, self.projections, strict=True)
        }

    def answer(self, tokens: dict[str, Tensor], masks: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Outputs from tokens; divided by each target's temperature, which is found when training has ended."""
        fused = self.fusion(tokens, {name: masks[name] for name in tokens})
        if self.training:
            return {name: head(fused) for name, head in zip(self.config.targets, self.heads, strict=True)}
        divisors = self.divisors({name: presence(mask) for name, mask in masks.items()})
        return {
            name: head(fused) / divisors[:, place : place + 1]
            for place, (name, head) in enumerate(zip(self.config.targets, self.heads, strict=True))
        }

    def learn(self, targets: Mapping[str, Learnt]) -> None:
        """Takes what was learnt of the targets since."""
        self.targets = dict(targets)
        self.config = replace(self.config, targets={name: one.state for name, one in targets.items()})

    def divisors(self, present: Mapping[str, Tensor]) -> Tensor:
        """The temperature of every row and target ``[batch, targets]``, which depends on the inputs that a row has.

        Args:
            present: float ``[batch]`` of every input, 1 where the row has it, else 0.
        """
        missing = 1 - torch.stack([present[name] for name in self.config.inputs], dim=1)
        return self.temperatures * torch.exp(missing @ self.absence.T)


def save(network: Network, folder: Path) -> None:
    """Writes ``network.safetensors`` and ``network.json`` into an existing folder."""
    save_file(
        {name: tensor.contiguous() for name, tensor in network.state_dict().items()}, folder / "network.safetensors"
    )
    (folder / "network.json").write_text(json.dumps(asdict(network.config), indent=2, ensure_ascii=False) + "\n")


def load(folder: Path) -> Network:
    """The network that `save` wrote, in evaluation mode.

    Raises:
        UserError: if its files are not as they were written.
    """
    try:
        config = json.loads((folder / "network.json").read_text())
        network = Network(NetworkConfig(**config))
        with safe_open(folder / "network.safetensors", "pt") as tensors:
            kept = {name: tensors.get_tensor(name) for name in tensors.keys()}  # noqa: SIM118
        network.load_state_dict({"absence": network.absence} | kept)  # which older ones do not have
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as error:
        raise UserError(f"{folder} cannot be read ({reason(error)}); run `sensorium train` again.") from error
    return network.eval()
