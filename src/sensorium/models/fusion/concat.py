"""Fusion by concatenation."""

from collections.abc import Sequence

import torch
from torch import Tensor

from sensorium.models.fusion.fusion import Fusion
from sensorium.models.fusion.perceptron import perceptron
from sensorium.models.masks import mean_token, presence


class ConcatFusion(Fusion):
    """The mean token of every input side by side, then a perceptron; a missing input is zeros and a flag.

    The plain late fusion that Baltrusaitis et al. 2018 (arXiv:1705.09406) call joint representation.

    Args:
        inputs: names of the inputs.
        width: size of every token and of the fused vector.
        layers: hidden layers of the perceptron.
        dropout: share of units dropped behind every hidden layer.
    """

    def __init__(self, inputs: Sequence[str], width: int, layers: int, dropout: float) -> None:
        super().__init__()
        self.perceptron = perceptron(len(inputs) * (width + 1), width, layers, dropout)

    def forward(self, tokens: dict[str, Tensor], masks: dict[str, Tensor]) -> Tensor:
        """Fuses tokens ``[batch, tokens, width]``, there where ``[batch, tokens]`` is 1, to ``[batch, width]``."""
        parts = []
        for name, states in tokens.items():
            parts += [mean_token(states, masks[name]), presence(masks[name])[:, None]]
        return self.perceptron(torch.cat(parts, dim=1))
