"""Fusion by products of all inputs' numbers."""

from collections.abc import Sequence
from functools import reduce
from typing import cast

import torch
from torch import Tensor, nn

from sensorium.models.fusion.fusion import Fusion
from sensorium.models.fusion.perceptron import perceptron
from sensorium.models.masks import mean_tokens


class LowRankFusion(Fusion):
    """A product with a factor from every input, summed over a few ranks, then a perceptron.

    The low-rank multimodal fusion of Liu et al. 2018 (arXiv:1806.00064): all products of numbers of different inputs,
    their weights a tensor of low rank. Its factors read a 1 behind the numbers of an input; of a missing one, whose
    numbers are zeros, that leaves a factor that is learnt, 1 at first.

    Args:
        inputs: names of the inputs.
        width: size of every token and of the fused vector.
        layers: hidden layers of the perceptron.
        dropout: share of units dropped behind every hidden layer.
    """

    rank = 4

    def __init__(self, inputs: Sequence[str], width: int, layers: int, dropout: float) -> None:
        super().__init__()
        self.factors = nn.ModuleList(nn.Linear(width, self.rank * width) for _ in inputs)
        for factor in self.factors:
            nn.init.ones_(cast(nn.Linear, factor).bias)
        self.perceptron = perceptron(width, width, layers, dropout)

    def forward(self, tokens: dict[str, Tensor], masks: dict[str, Tensor]) -> Tensor:
        """Fuses tokens ``[batch, tokens, width]``, there where ``[batch, tokens]`` is 1, to ``[batch, width]``."""
        means, _ = mean_tokens(tokens, masks)
        factors = [factor(mean) for factor, mean in zip(self.factors, means.unbind(1), strict=True)]
        return self.perceptron(reduce(torch.mul, factors).unflatten(1, (self.rank, -1)).mean(1))
