"""The hidden layers that several fusions end with."""

from itertools import pairwise

from torch import nn


def perceptron(numbers: int, width: int, layers: int, dropout: float) -> nn.Sequential:
    """So many hidden layers of a width, which read so many numbers; a share of units is dropped behind each."""
    sizes = [numbers] + [width] * layers
    return nn.Sequential(
        *(nn.Sequential(nn.Linear(before, after), nn.GELU(), nn.Dropout(dropout)) for before, after in pairwise(sizes))
    )
