"""Steps of a fit: as they are, and on a GPU recorded once and then replayed."""

from collections.abc import Callable

import torch
from torch import Tensor

WARM = 3  # steps before one is recorded: what libraries prepare at their first calls is no part of a step

# By the places of rows [batch], and which inputs each keeps [batch, inputs], 1 or 0; gives the loss, which the next
# step may overwrite.
Step = Callable[[Tensor, Tensor], Tensor]


class Recorded:
    """Steps on a GPU.

    A step of a small network is some two hundred short kernels: to start each takes ten times as long as to run it, and
    a replay starts all at once. A step that waits for the GPU, as some losses do, cannot be recorded, nor can one of
    fewer rows be replayed: they are done as they are.

    Args:
        step: what is recorded; it reads and writes the same tensors at every call.
    """

    def __init__(self, step: Step) -> None:
        self._step = step
        # A function rather than a bound method: an object that held itself would keep a fit's tensors on the GPU.
        self._next: Callable[[Recorded, Tensor, Tensor], Tensor] = Recorded._first

    def __call__(self, rows: Tensor, kept: Tensor) -> Tensor:
        return self._next(self, rows, kept)

    def _first(self, rows: Tensor, kept: Tensor) -> Tensor:
        """A step that may not wait; if it does, it is done again, and so are all others."""
        torch.cuda.set_sync_debug_mode("error")
        try:
            loss = self._beside(rows, kept)
        except RuntimeError:
            self._next = Recorded._as_it_is
        else:
            self._next, self._done = Recorded._warm, 1
            return loss
        finally:
            torch.cuda.set_sync_debug_mode("default")
        return self._step(rows, kept)

    def _warm(self, rows: Tensor, kept: Tensor) -> Tensor:
        self._done += 1
        if self._done == WARM:
            self._next = Recorded._record
        return self._beside(rows, kept)

    def _beside(self, rows: Tensor, kept: Tensor) -> Tensor:
        """On another stream, as what is recorded is."""
        now, beside = torch.cuda.current_stream(), torch.cuda.Stream()
        beside.wait_stream(now)
        try:
            with torch.cuda.stream(beside):
                return self._step(rows, kept)
        finally:
            now.wait_stream(beside)

    def _record(self, rows: Tensor, kept: Tensor) -> Tensor:
        self._rows, self._kept, self._graph = rows.clone(), kept.clone(), torch.cuda.CUDAGraph()
        try:
            with torch.cuda.graph(self._graph):
                self._loss = self._step(self._rows, self._kept)
        except RuntimeError:  # it waits after all, which the first step did not show
            self._next = Recorded._as_it_is
        else:
            self._next = Recorded._replay
        return self(rows, kept)

    def _as_it_is(self, rows: Tensor, kept: Tensor) -> Tensor:
        return self._step(rows, kept)

    def _replay(self, rows: Tensor, kept: Tensor) -> Tensor:
        if len(rows) != len(self._rows):
            return self._step(rows, kept)
        self._rows.copy_(rows)
        self._kept.copy_(kept)
        self._graph.replay()
        return self._loss
