"""Fusion by a weighted mean."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from sensorium.models.fusion.fusion import Fusion
from sensorium.models.fusion.perceptron import perceptron
from sensorium.models.masks import mean_tokens

LEAST = 1e-6  # that weights are divided by, where a row has no input


class WeightedFusion(Fusion):
    """The weighted mean of all inputs' mean tokens, then a perceptron; an input's weight is learnt.

    The scalar mix of Peters et al. 2018 (arXiv:1802.05365), over inputs instead of layers. Weights are renormalised
    over the inputs that a row has, as EmbraceNet's chances are (Choi and Lee 2019, arXiv:1904.09078).

    Args:
        inputs: names of the inputs.
        width: size of every token and of the fused vector.
        layers: hidden layers of the perceptron.
        dropout: share of units dropped behind every hidden layer.
    """

    def __init__(self, inputs: Sequence[str], width: int, layers: int, dropout: float) -> None:
        super().__init__()
        self.weights = nn.Parameter(torch.zeros(len(inputs)))  # their logarithms
        self.perceptron = perceptron(width, width, layers, dropout)

    def forward(self, tokens: dict[str, Tensor], masks: dict[str, Tensor]) -> Tensor:
        """Fuses tokens ``[batch, tokens, width]``, there where ``[batch, tokens]`` is 1, to ``[batch, width]``."""
        means, here = mean_tokens(tokens, masks)
        weights = self.weights.softmax(0) * here
        weights = weights / weights.sum(1, keepdim=True).clamp(min=LEAST)
        return self.perceptron((weights[..., None] * means).sum(1))
