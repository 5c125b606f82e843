"""Fusion by products of pairs of inputs."""

from collections.abc import Sequence

import torch
from torch import Tensor

from sensorium.models.fusion.fusion import Fusion
from sensorium.models.fusion.perceptron import perceptron
from sensorium.models.masks import mean_tokens


class PairsFusion(Fusion):
    """The sum of all inputs' mean tokens beside that of the products of every two, number by number; then a perceptron.

    A neural factorization machine (He and Chua 2017, arXiv:1708.05027) of inputs in place of features: the products of
    all pairs, summed, are as many as the numbers of one token, however many inputs there are. A missing input is zeros,
    which take no part in sums and products.

    Args:
        inputs: names of the inputs.
        width: size of every token and of the fused vector.
        layers: hidden layers of the perceptron.
        dropout: share of units dropped behind every hidden layer.
    """

    def __init__(self, inputs: Sequence[str], width: int, layers: int, dropout: float) -> None:
        super().__init__()
        self.perceptron = perceptron(2 * width, width, layers, dropout)

    def forward(self, tokens: dict[str, Tensor], masks: dict[str, Tensor]) -> Tensor:
        """Fuses tokens ``[batch, tokens, width]``, there where ``[batch, tokens]`` is 1, to ``[batch, width]``."""
        means, _ = mean_tokens(tokens, masks)
        first, *others = means.unbind(1)
        total, products = first, torch.zeros_like(first)
        for mean in others:
            total, products = total + mean, products + total * mean
        return self.perceptron(torch.cat([total, products], dim=1))
