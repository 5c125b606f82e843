"""What every fusion is."""

from collections.abc import Sequence
from typing import ClassVar, Literal

from torch import nn


class Fusion(nn.Module):
    """Meets the tokens of all inputs of a row, whichever it has.

    It is made with the inputs' names and the width, layers and dropout of a `NetworkConfig`, and called with tokens
    ``[batch, tokens, numbers]`` and a mask of those that are there ``[batch, tokens]``, 1 or 0, of every input; it
    returns ``[batch, width]``.

    Attributes:
        learns_by: descent, which every setting of params.yaml changes; else the solution, which none does.
    """

    learns_by: ClassVar[Literal["descent", "linear", "kernel", "trees"]] = "descent"

    @staticmethod
    def token_map(inputs: int, dim: int, width: int, dropout: float) -> nn.Module:
        """What makes tokens of an input's standardised features ``[batch, tokens, dim]``; there are so many inputs."""
        return nn.Sequential(nn.Dropout(dropout), nn.Linear(dim, width), nn.LayerNorm(width))

    @staticmethod
    def numbers(inputs: int, width: int) -> int:
        """How many numbers a token has, where there are so many inputs."""
        return width

    @staticmethod
    def suits(dims: Sequence[int]) -> bool:
        """Whether it is worth trying beside others, on inputs of so many numbers a token."""
        return True
