"""Fusion by gates."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from sensorium.models.fusion.fusion import Fusion
from sensorium.models.fusion.perceptron import perceptron
from sensorium.models.masks import mean_tokens


class GatedFusion(Fusion):
    """The sum of what inputs say, each number of each through a gate that reads all inputs; then a perceptron.

    The gated multimodal unit of Arevalo et al. 2017 (arXiv:1702.01992). A missing input says nothing; gates read a
    learnt token in its place.

    Args:
        inputs: names of the inputs.
        width: size of every token and of the fused vector.
        layers: hidden layers of the perceptron.
        dropout: share of units dropped behind every hidden layer.
    """

    def __init__(self, inputs: Sequence[str], width: int, layers: int, dropout: float) -> None:
        super().__init__()
        self.missing = nn.Parameter(torch.randn(len(inputs), width) * 0.02)
        self.says = nn.ModuleList(nn.Linear(width, width) for _ in inputs)
        self.gates = nn.Linear(len(inputs) * width, len(inputs) * width)
        self.perceptron = perceptron(width, width, layers, dropout)

    def forward(self, tokens: dict[str, Tensor], masks: dict[str, Tensor]) -> Tensor:
        """Fuses tokens ``[batch, tokens, width]``, there where ``[batch, tokens]`` is 1, to ``[batch, width]``."""
        means, here = mean_tokens(tokens, masks)
        states = torch.stack([own(mean) for own, mean in zip(self.says, means.unbind(1), strict=True)], dim=1).tanh()
        read = means + (1 - here)[..., None] * self.missing
        gates = self.gates(read.flatten(1)).sigmoid().unflatten(1, self.missing.shape)
        return self.perceptron((gates * states * here[..., None]).sum(1))
