"""Dropout drawn from bytes: to draw a number for every unit would take as long as the network's products."""

from collections.abc import Iterator
from contextlib import contextmanager
from math import prod

import torch
from torch import Tensor, nn

LEVELS = 256  # of a byte
_others = (0, 0)  # rows before and behind those that this process draws for


@contextmanager
def among(before: int, behind: int) -> Iterator[None]:
    """Draws as if there were so many more rows, which another process draws for."""
    global _others
    _others = before, behind
    try:
        yield
    finally:
        _others = 0, 0


def random_bytes(like: Tensor) -> Tensor:
    """A byte for each number ``[rows, ...]``, in the same shape."""
    before, behind = _others
    shape = (before + len(like) + behind, *like.shape[1:])
    words = torch.empty(-(-prod(shape) // 8), dtype=torch.int64, device=like.device).random_(-(2**63), None)
    return words.view(torch.uint8)[: prod(shape)].view(shape)[before : before + len(like)]


class Dropout(nn.Module):
    """Drops a share of units, to the nearest of 256 steps, and scales the others so that their mean stays.

    Args:
        share: of the units.
    """

    def __init__(self, share: float) -> None:
        super().__init__()
        self.dropped = min(LEVELS - 1, round(share * LEVELS))

    def forward(self, values: Tensor) -> Tensor:
        if not self.training or self.dropped == 0:
            return values
        kept = (random_bytes(values) >= self.dropped).to(values.dtype)
        return values * kept.mul_(LEVELS / (LEVELS - self.dropped))


class TurnedDropout(nn.Module):
    """What dropout before a turn is behind it: noise, spread evenly over the axes, since each mixes many numbers.

    Dropping a share of numbers is as good as adding noise of the same variance (Srivastava et al. 2014).

    Args:
        share: of the numbers that is dropped.
        numbers: before the turn.
    """

    def __init__(self, share: float, numbers: int) -> None:
        super().__init__()
        self.share, self.numbers = share, numbers

    def forward(self, values: Tensor) -> Tensor:
        if not self.training or self.share == 0:
            return values
        noise = random_bytes(values).to(values.dtype) - (LEVELS - 1) / 2
        variance = self.share / (1 - self.share) * values.square().sum(-1, keepdim=True) / self.numbers
        return torch.addcmul(values, noise, (variance * 12 / (LEVELS**2 - 1)).sqrt())


def with_quick_dropout(network: nn.Module) -> None:
    """Puts `Dropout` in the place of torch's everywhere in a network."""
    for part in network.modules():
        for name, child in part.named_children():
            if isinstance(child, nn.Dropout):
                setattr(part, name, Dropout(child.p))
