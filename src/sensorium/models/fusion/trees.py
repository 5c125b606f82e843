"""Fusion by boosted trees."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from sensorium.models.fusion.fusion import Fusion
from sensorium.models.masks import mean_tokens

TREES, DEPTH = 240, 4
NODES, LEAVES = 2**DEPTH - 1, 2**DEPTH
RAMP = 0.02  # of a deviation, in which an answer goes from no to yes: in a step, what rounding changes would show
PLACES, AXES = 128, 16  # numbers that an input is read in: its own, or of more than there are places its leading axes


class Numbers(nn.Module):
    """An input's numbers as trees read them.

    Args:
        dim: how many it has.
    """

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.axes = nn.Linear(dim, AXES, bias=False) if dim > PLACES else None
        self.count = AXES if self.axes else dim

    def forward(self, features: Tensor) -> Tensor:
        own = features if self.axes is None else self.axes(features)
        return pad(own, (0, PLACES - self.count))


class TreesFusion(Fusion):
    """A sum of small trees, each of which asks four times (`DEPTH`) whether a number is above a threshold.

    Where a row lacks the input that a question is about, the question has an answer of its own.

    Args:
        inputs: names of the inputs.
        width: size of the fused vector; as many as there are outputs of all targets are enough.
        layers: not used.
        dropout: not used.
    """

    learns_by = "trees"

    def __init__(self, inputs: Sequence[str], width: int, layers: int, dropout: float) -> None:
        super().__init__()
        self.questions: Tensor  # the number that each node asks about, of all inputs' places; see `reached`
        self.thresholds: Tensor
        self.unknown: Tensor  # the answer where the input is missing: 1 to go right, as above the threshold
        self.register_buffer("questions", torch.randint(len(inputs) * PLACES, (TREES * NODES,)))
        self.register_buffer("thresholds", torch.randn(TREES * NODES) * 0.1)
        self.register_buffer("unknown", torch.ones(TREES * NODES))
        self.leaves = nn.Parameter(torch.randn(TREES * LEAVES, width) * 0.1)
        self.biases = nn.Parameter(torch.randn(width) * 0.02)

    @staticmethod
    def token_map(inputs: int, dim: int, width: int, dropout: float) -> nn.Module:
        """The numbers themselves, where they are few."""
        return Numbers(dim)

    @staticmethod
    def numbers(inputs: int, width: int) -> int:
        """As many places for every input."""
        return PLACES

    @staticmethod
    def suits(dims: Sequence[int]) -> bool:
        """Whether any input's numbers are read as they are: trees are good at columns, at features of pictures poor."""
        return min(dims) <= PLACES

    def forward(self, tokens: dict[str, Tensor], masks: dict[str, Tensor]) -> Tensor:
        """Fuses tokens ``[batch, tokens, places]``, there where the masks are 1, to ``[batch, width]``."""
        means, here = mean_tokens(tokens, masks)
        asked = means.flatten(1)[:, self.questions]
        known = here[:, self.questions // PLACES]
        told = ((asked - self.thresholds) / RAMP).clamp(-0.5, 0.5) + 0.5
        above = known * told + (1 - known) * self.unknown
        return reached(above.unflatten(1, (TREES, NODES))).flatten(1) @ self.leaves + self.biases


def reached(above: Tensor) -> Tensor:
    """1 for the leaf of every tree that a row ends in, else 0; near a threshold shared out ``[batch, trees, leaves]``.

    Args:
        above: each node's answer, 1 to go right, else 0 ``[batch, trees, nodes]``: the root, then level by level, of
            each level all that lie left of their parent, in the order of these, then all that lie right.
    """
    right = above[..., :1]
    found = torch.cat([1 - right, right], dim=-1)
    for depth in range(1, DEPTH):
        right = found * above[..., 2**depth - 1 : 2 ** (depth + 1) - 1]
        found = torch.cat([found - right, right], dim=-1)
    return found
