"""The one seam where heavy work over many rows is spread: here over the processes of one machine."""

import multiprocessing
import os
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from datetime import timedelta
from typing import Any

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
)
from rich.text import Text

from sensorium.memory import keep_freed
from sensorium.parent_death import end_with_parent

START = 2.0  # seconds that a process takes to begin work
AHEAD = 4  # pieces for each process, that wait or are done: one that takes long holds the others up only then
ROWS = 256  # of a shard: small enough for memory and progress, large enough for batches


def shards(sequence: Sequence[Any], size: int = ROWS) -> list[Any]:
    """Consecutive pieces of a sequence, each of at most ``size``."""
    return [sequence[start : start + size] for start in range(0, len(sequence), size)]


def map_shards(
    function: Callable[[Any], Any],
    pieces: Sequence[Any],
    doing: str,
    sizes: Sequence[int] | None = None,
    most: int | None = None,
) -> Iterator[Any]:
    """Yields ``function(piece)`` in the order of the pieces, showing progress.

    Args:
        function: see `map_ahead`.
        pieces: its arguments; of those that are made when they are asked for, few are held at a time.
        doing: what the bar says.
        sizes: of the pieces, such as rows, for the bar to count; else it counts pieces.
        most: see `map_ahead`.
    """
    if not pieces:
        return
    sizes = sizes or [1] * len(pieces)
    made = (pieces[number] for number in range(len(pieces)))
    ahead = AHEAD * min(len(os.sched_getaffinity(0)), len(pieces))
    with progress(Pace()) as bar:
        tracked = bar.add_task(doing, total=sum(sizes))
        for result, size in zip(map_ahead(function, made, ahead, most), sizes, strict=True):
            yield result
            bar.advance(tracked, size)


def map_ahead(
    function: Callable[[Any], Any], pieces: Iterator[Any], ahead: int, most: int | None = None
) -> Iterator[Any]:
    """Yields ``function(piece)`` in the order of the pieces, which may depend on what was yielded.

    A piece is taken when the results of all but ``ahead - 1`` before it have been used, or later. ``function`` must be
    importable, since it runs in other processes; errors it raises come here. This process begins, since all may be
    done before others have started; they are started for what is left.

    Args:
        function: of a piece.
        pieces: its arguments.
        ahead: how many are at work or wait at most.
        most: processes; else there are as many as cores.
    """
    workers, here = min(most or len(os.sched_getaffinity(0)), ahead), time.monotonic() + START
    none_left = object()
    while workers == 1 or time.monotonic() < here:
        if (piece := next(pieces, none_left)) is none_left:
            return
        yield function(piece)
    pending: deque[Future[Any]] = deque()
    # A fresh interpreter each: forking one whose libraries run threads can hang.
    with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), initializer=_begin_worker) as pool:
        try:
            for piece in pieces:
                pending.append(pool.submit(function, piece))
                if len(pending) == ahead:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        finally:  # after an error nothing more is begun
            for future in pending:
                future.cancel()


def progress(*more: ProgressColumn) -> Progress:
    """A progress bar of the house's make."""
    return Progress(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), *more)


class Pace(ProgressColumn):
    """How many a second, and the time that is left."""

    def render(self, task: Task) -> Text:
        if not task.completed or not task.elapsed:
            return Text()
        speed = task.completed / task.elapsed
        left = timedelta(seconds=round((task.remaining or 0) / speed))
        return Text(f"{speed:,.1f}/s" + (f", {left} left" if task.remaining else ""))


def _begin_worker() -> None:
    """One thread, and no life of its own: a worker whose starter was killed would wait for its next piece for ever."""
    starter = multiprocessing.parent_process()
    end_with_parent(starter.pid if starter else None)
    keep_freed()
    os.environ |= {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}
