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
