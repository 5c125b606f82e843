"""Self-attention over steps (Vaswani et al. 2017, arXiv:1706.03762)."""

import math

import torch
from torch import Tensor, nn

from sensorium.encoders.trainable.readers.pooling import DROPOUT, Pooling
from sensorium.models.fusion.attending import Attending


class Transformer(nn.Module):
    """A layer of self-attention over steps that know their place."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.layer = Attending(width, DROPOUT)
        self.pooling = Pooling(width)

    def forward(self, states: Tensor, mask: Tensor) -> Tensor:
        placed = states + _places(states)
        return self.pooling(self.layer(placed, placed, mask), mask)


def _places(states: Tensor) -> Tensor:
    """Sines and cosines of each step's place ``[steps, width]``."""
    width = states.shape[2]
    steps = torch.arange(states.shape[1], device=states.device)[:, None]
    rates = torch.exp(torch.arange(0, width, 2, device=states.device) * (-math.log(1e4) / width))
    waves = torch.stack([torch.sin(steps * rates), torch.cos(steps * rates)], dim=2)
    return waves.flatten(1)[:, :width]
