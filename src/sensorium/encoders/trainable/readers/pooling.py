"""Sequences as one state."""

import torch
from torch import Tensor, nn

DROPOUT = 0.3


def pooled(states: Tensor, mask: Tensor) -> Tensor:
    """Mean and maximum over the steps that are there ``[batch, 2 * width]``."""
    there = mask[..., None]
    mean = (states * there).sum(1) / there.sum(1).clamp(min=1)
    return torch.cat([mean, states.masked_fill(there == 0, -1e4).amax(1)], dim=1)


class Pooling(nn.Module):
    """What pooled states say, as one state."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Dropout(DROPOUT), nn.Linear(2 * width, width), nn.GELU(), nn.Dropout(DROPOUT))

    def forward(self, states: Tensor, mask: Tensor) -> Tensor:
        return self.layers(pooled(states, mask))


def every_second(layer: nn.Conv1d, reader: nn.Module, steps: Tensor, mask: Tensor) -> Tensor:
    """What a reader says of every second step, each with its neighbours.

    Args:
        layer: of five steps, two apart.
        reader: of its states.
        steps: ``[batch, steps, numbers]``.
        mask: of those that are there ``[batch, steps]``, 1 or 0.
    """
    states = nn.functional.gelu(layer((steps * mask[..., None]).transpose(1, 2)).transpose(1, 2))
    found: Tensor = reader(states * mask[:, ::2, None], mask[:, ::2])
    return found
