"""Times of several calls, taken in turns so that what else the machine does hits all alike."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

Call = Callable[[Any], object]
SECONDS = 6.0  # after which no further round begins: slow calls are timed less often
LEAST = 3  # rounds that are made all the same


def interleaved(
    calls: Mapping[str, Call], given: Sequence[Any], rounds: int, seconds: float = SECONDS, warm: bool = True
) -> dict[str, list[float]]:
    """Milliseconds of every call in every round.

    Args:
        calls: by name.
        given: what they are called with, one after the other and round again.
        rounds: how often, at most.
        seconds: after which no further round begins, once a few are made.
        warm: whether each is called twice in a row, and only the second call is timed. By then its weights are in the
            processor's cache, as in a process that does nothing else; before, those of its neighbour were. A batch has
            them there after its first values.
    """
    taken: dict[str, list[float]] = {name: [] for name in calls}
    end = time.perf_counter() + seconds
    for number in range(rounds):
        if number >= LEAST and time.perf_counter() > end:
            break
        for name, call in calls.items():
            if warm:
                call(given[number % len(given)])
            start = time.perf_counter()
            call(given[number % len(given)])
            taken[name].append(1000 * (time.perf_counter() - start))
    return taken


def ratio(times: Sequence[float], reference: Sequence[float]) -> float:
    """How many times longer the median is."""
    return float(np.median(times) / np.median(reference))


def percentile(times: Sequence[float], share: float) -> float:
    """The milliseconds that ``share`` percent of calls keep, to a hundredth."""
    return round(float(np.percentile(times, share)), 2)
