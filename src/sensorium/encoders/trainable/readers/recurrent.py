"""Recurrent networks."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from sensorium.encoders.trainable.readers.pooling import Pooling


class Recurrent(nn.Module):
    """A recurrent network forwards, and one backwards from the last step that is there."""

    cell: Callable[..., nn.RNNBase]

    def __init__(self, width: int) -> None:
        super().__init__()
        half = width // 2
        self.forwards = self.cell(width, half, batch_first=True)
        self.backwards = self.cell(width, width - half, batch_first=True)
        self.pooling = Pooling(width)

    def forward(self, states: Tensor, mask: Tensor) -> Tensor:
        ahead, _ = self.forwards(states)
        back, _ = self.backwards(turned(states, mask))
        return self.pooling(torch.cat([ahead, turned(back, mask)], dim=2), mask)


def turned(states: Tensor, mask: Tensor) -> Tensor:
    """The steps that are there in the opposite order; those behind the end stay behind it."""
    steps = torch.arange(states.shape[1], device=states.device)
    last = mask.sum(1, keepdim=True).long() - 1
    places = torch.where(steps <= last, last - steps, steps)
    return states.gather(1, places[..., None].expand_as(states))


class Gru(Recurrent):
    """Gated recurrent units (Cho et al. 2014, arXiv:1406.1078)."""

    cell = nn.GRU


class Lstm(Recurrent):
    """Long short-term memory (Hochreiter and Schmidhuber 1997)."""

    cell = nn.LSTM
