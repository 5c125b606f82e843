"""How the losses of several targets are made one."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

LEAST = 0.01  # of a loss: what is learnt so well hardly counts any more

Weighting = Callable[[Sequence[Tensor], Sequence[float]], Tensor]


def given(losses: Sequence[Tensor], weights: Sequence[float]) -> Tensor:
    """The weighted mean: a target whose loss is twice as large counts twice as much."""
    return torch.stack([weight * loss for weight, loss in zip(weights, losses, strict=True)]).sum() / sum(weights)


def learnt(losses: Sequence[Tensor], weights: Sequence[float]) -> Tensor:
    """The weighted geometric mean, whose slope divides each target's by its own loss: none drowns another.

    Kendall et al. (2018, arXiv:1705.07115) learn the noise of each target beside the network and weigh its loss by the
    inverse. The best noise is the loss itself, and put in place of what would be learnt it leaves the sum of the
    logarithms of all losses: the geometric mean of Chennupati et al. (2019, arXiv:1904.08492), with nothing to tune.
    """
    logarithms = [weight * (loss + LEAST).log() for weight, loss in zip(weights, losses, strict=True)]
    return (torch.stack(logarithms).sum() / sum(weights)).exp() - LEAST


WEIGHTINGS: dict[str, Weighting] = {"given": given, "learnt": learnt}
