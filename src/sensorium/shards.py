"""The one seam where heavy work over many rows is spread: here over the processes of one machine."""

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

ROWS = 256  # of a shard: small enough for memory and progress, large enough for batches


def shards(sequence: Sequence[Any], size: int = ROWS) -> list[Any]:
    """Consecutive pieces of a sequence, each of at most ``size``."""
    return [sequence[start : start + size] for start in range(0, len(sequence), size)]


def map_shards(function: Callable[[Any], Any], pieces: Sequence[Any], doing: str) -> Iterator[Any]:
    """Yields ``function(piece)`` in the order of the pieces, showing progress.

    ``function`` must be importable, since it runs in other processes, one thread each; errors it raises come here.
    """
    if not pieces:
        return
    workers = min(len(os.sched_getaffinity(0)), len(pieces))
    with progress() as bar:
        tracked = bar.add_task(doing, total=len(pieces))
        if workers <= 1:
            for piece in pieces:
                yield function(piece)
                bar.advance(tracked)
            return
        # A fresh interpreter each: forking one whose libraries run threads can hang.
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(workers, context, initializer=_one_thread) as pool:
            for result in pool.map(function, pieces):
                yield result
                bar.advance(tracked)


def progress() -> Progress:
    """A progress bar of the house's make."""
    return Progress(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())


def _one_thread() -> None:
    os.environ |= {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}
