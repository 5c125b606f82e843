"""Processes that fit a network together: each computes a part of every batch, and all take the same steps.

The loss is that of the whole batch on every process, whatever it is a mean of, since outputs are gathered before it is
taken; what each adds to the gradient is summed. What is random is drawn for all rows, so that the network is that of a
process alone, but for rounding, and the attention weights that the attention fusion drops.
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from sensorium.training.noise import among

if TYPE_CHECKING:
    from accelerate import PartialState


class Alone:
    """A process that fits a network by itself."""

    alone = True
    leads = True  # writes what comes of it

    def part(self, rows: int) -> slice:
        """The rows of a batch that this process computes."""
        return slice(0, rows)

    def drawing(self, counted: Tensor) -> AbstractContextManager[None]:
        """Draws for the own part as for the whole batch, of which some rows are drawn for: where ``counted`` is 1."""
        return nullcontext()

    def gathered(self, outputs: Mapping[str, Tensor], rows: int) -> Mapping[str, Tensor]:
        """The outputs of a whole batch, of which those of this process have a gradient."""
        return outputs

    def add_up(self, gradient: Tensor) -> None:
        """Makes a gradient that of the whole batch."""

    def agreed(self, number: float) -> float:
        """A number that is the same for all: that of the process that leads."""
        return number

    def leave(self) -> None:
        """Ends the work together."""


class Team(Alone):
    """A process among others.

    Args:
        state: how accelerate found them.
    """

    alone = False

    def __init__(self, state: "PartialState") -> None:
        self._state, self.leads = state, state.is_main_process

    def part(self, rows: int) -> slice:
        place, count = self._state.process_index, self._state.num_processes
        return slice(rows * place // count, rows * (place + 1) // count)

    def drawing(self, counted: Tensor) -> AbstractContextManager[None]:
        part = self.part(len(counted))
        return among(int(counted[: part.start].sum()), int(counted[part.stop :].sum()))

    def gathered(self, outputs: Mapping[str, Tensor], rows: int) -> Mapping[str, Tensor]:
        from accelerate.utils import reduce

        own, part = torch.cat(list(outputs.values()), dim=1), self.part(rows)
        every = own.new_zeros(rows, own.shape[1])
        every[part] = own.detach()
        every = reduce(every, "sum")
        joined = torch.cat([every[: part.start], own, every[part.stop :]])
        return dict(zip(outputs, joined.split([one.shape[1] for one in outputs.values()], dim=1), strict=True))

    def add_up(self, gradient: Tensor) -> None:
        from accelerate.utils import reduce

        gradient.copy_(reduce(gradient, "sum"))

    def agreed(self, number: float) -> float:
        from accelerate.utils import broadcast

        return broadcast(torch.tensor([number], dtype=torch.float64, device=self._state.device)).item()

    def leave(self) -> None:
        self._state.wait_for_everyone()
        self._state.destroy_process_group()


_team = Alone()


def team() -> Alone:
    """The processes that this one fits networks with."""
    return _team


def join() -> Alone:
    """Fits networks together with the other processes that `torchrun` or `accelerate launch` started, if one did."""
    global _team
    if torch.distributed.is_torchelastic_launched():
        from accelerate import PartialState

        _team = Team(PartialState(cpu=not torch.cuda.is_available()))
    return _team
