"""The processes of this machine."""

import multiprocessing
import os
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from typing import Any, Literal

from sensorium.engine.engine import AHEAD, KILLED, Engine
from sensorium.engine.worker import settle
from sensorium.errors import UserError
from sensorium.parent_death import end_with_parent

START = 2.0  # seconds that a process takes to begin work
TRIES = 3  # times that processes are killed before the next result is there


class Local(Engine):
    """The processes of this machine, as many as it has cores for this one."""

    kind: Literal["local"] = "local"

    def _results(
        self, function: Callable[[Any], Any], pieces: Iterator[Any], count: int, most: int | None
    ) -> Iterator[Any]:
        return map_ahead(function, pieces, AHEAD * min(len(os.sched_getaffinity(0)), count), most)


def map_ahead(
    function: Callable[[Any], Any], pieces: Iterator[Any], ahead: int, most: int | None = None, are_long: bool = False
) -> Iterator[Any]:
    """Yields ``function(piece)`` in the order of the pieces, which may depend on what was yielded.

    A piece is taken when the results of all but ``ahead - 1`` before it have been used, or later. This process begins,
    since all may be done before others have started; they are started for what is left, or at once for long pieces.

    Args:
        function: of a piece; see `Engine`.
        pieces: its arguments.
        ahead: how many are at work or wait at most.
        most: processes; else there are as many as cores.
        are_long: whether a piece takes longer than to start a process.
    """
    workers = min(most or len(os.sched_getaffinity(0)), ahead)
    here = time.monotonic() + (0 if are_long else START)
    none_left = object()
    while workers == 1 or time.monotonic() < here:
        if (piece := next(pieces, none_left)) is none_left:
            return
        yield function(piece)
    line = _Line(function, workers)
    try:
        for piece in pieces:
            line.add(piece)
            if len(line) == ahead:
                yield line.next()
        while line:
            yield line.next()
    finally:
        line.close()


class _Line:
    """Pieces that processes work on, and their results in order; those of a process that was killed are begun again.

    Args:
        function: of a piece.
        workers: how many processes.
    """

    def __init__(self, function: Callable[[Any], Any], workers: int) -> None:
        self._function, self._workers = function, workers
        self._pending: deque[tuple[Any, Future[Any]]] = deque()
        self._pool = started(workers)

    def __len__(self) -> int:
        return len(self._pending)

    def add(self, piece: Any) -> None:
        """Has a piece worked on after all others."""
        try:
            self._pending.append((piece, self._pool.submit(self._function, piece)))
        except BrokenProcessPool:
            self._begin_again()
            self.add(piece)

    def next(self) -> Any:
        """The result of the first piece, which leaves the line.

        Raises:
            UserError: if there is none, however often it is tried.
        """
        for _ in range(TRIES):
            try:
                result = self._pending[0][1].result()
            except (BrokenProcessPool, CancelledError):
                self._begin_again()
            else:
                self._pending.popleft()
                return result
        raise killed()

    def close(self) -> None:
        """Begins nothing more, and waits for the processes."""
        self._pool.shutdown(cancel_futures=True)

    def _begin_again(self) -> None:
        """One process that is killed takes all others of its pool along."""
        self.close()
        self._pool = started(self._workers)
        with suppress(BrokenProcessPool):  # killed at once: what is not handed in is, at the next try
            for place, (piece, future) in enumerate(self._pending):
                if future.cancelled() or isinstance(future.exception(), BrokenProcessPool):
                    self._pending[place] = (piece, self._pool.submit(self._function, piece))


def killed() -> UserError:
    """What to say where it happens whatever is tried."""
    return UserError(f"A process of this machine was {KILLED}. `dmesg` tells; close other programs.")


def started(workers: int) -> ProcessPoolExecutor:
    """So many processes, which end with this one."""
    # A fresh interpreter each: forking one whose libraries run threads can hang.
    return ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), initializer=_begin_worker)


def _begin_worker() -> None:
    """No life of its own: a worker whose starter was killed would wait for its next piece for ever."""
    starter = multiprocessing.parent_process()
    end_with_parent(starter.pid if starter else None)
    settle()
