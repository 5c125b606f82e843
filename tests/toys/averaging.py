"""A way to fuse inputs that only tests know."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from sensorium.models.fusion.fusion import Fusion


class Averaging(Fusion):
    """The mean of the inputs that a row has, and a perceptron."""

    def __init__(self, inputs: Sequence[str], width: int, layers: int, dropout: float) -> None:
        super().__init__()
        self.perceptron = nn.Sequential(nn.Linear(width, width), nn.GELU(), nn.Dropout(dropout))

    def forward(self, tokens: dict[str, Tensor], present: dict[str, Tensor]) -> Tensor:
        here = torch.stack([present[name] for name in tokens], dim=1)[..., None]
        means = torch.stack([states.mean(1) for states in tokens.values()], dim=1)
        return self.perceptron((means * here).sum(1) / here.sum(1).clamp(min=1))
