"""What chance alone would find: all comparisons under the same shuffles of the rows.

Comparisons of one and the same rows hang together: a darker picture has less contrast. A bound for each that takes them
for strangers to each other (Bonferroni) is missed by too many changes. Here the bound is where the smallest of all
p-values falls below in so many of the shuffles as false alarms are asked for (Westfall and Young, Resampling-Based
Multiple Testing, 1993: single-step min P), which is right whatever the comparisons have to do with each other.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from math import ceil
from typing import Any

import numpy as np

from sensorium.stats.statistics import Statistic

FEWEST = 5_000  # shuffles
PER_TEST = 5  # shuffles as rare as a bound by Bonferroni
SEED = 0
BATCH = 500  # shuffles at once, so that thousands of rows do not fill the memory

Spread = Callable[[Callable[[Any], Any], Sequence[Any]], Iterable[Any]]


@dataclass(frozen=True)
class Comparison:
    """A comparison.

    Attributes:
        rows: that have a value ``[rows]``, of either side.
        statistic: of these rows.
    """

    rows: np.ndarray
    statistic: Statistic


@dataclass(frozen=True)
class Chances:
    """What chance has to say.

    Attributes:
        p_values: of every test: the share of shuffles that lie as far apart, the rows as they are being one of them
            (Phipson and Smyth 2010, doi:10.2202/1544-6115.1585).
        bound: any p-value is below it no more often than asked for, where nothing differs.
    """

    p_values: dict[str, float]
    bound: float


def weigh(
    tests: Mapping[str, Comparison], is_current: np.ndarray, false_alarms: float, spread: Spread = map
) -> Chances:
    """Finds p-values and their common bound.

    Args:
        tests: by name; each has rows of both sides.
        is_current: whether a row is, ``[rows]``; rows are independent of each other.
        false_alarms: the share of checks in which chance may bring any p-value below the bound.
        spread: calls a function with every batch of shuffles, in other processes too, and gives the results in order.
    """
    if not tests:
        return Chances({}, false_alarms)
    shuffles = max(FEWEST, ceil(PER_TEST * len(tests) / false_alarms))
    batches = [(start, min(BATCH, 1 + shuffles - start)) for start in range(0, 1 + shuffles, BATCH)]
    parts = list(spread(partial(_shuffled, tests, is_current), batches))
    found = {name: np.concatenate([part[name] for part in parts]) for name in tests}
    p_values = {name: _shares_as_far(values) for name, values in found.items()}
    smallest = np.sort(np.min(list(p_values.values()), axis=0))
    bound = min(float(smallest[int(false_alarms * len(smallest))]), false_alarms)
    return Chances({name: float(values[0]) for name, values in p_values.items()}, bound)


def _shuffled(tests: Mapping[str, Comparison], is_current: np.ndarray, batch: tuple[int, int]) -> dict[str, np.ndarray]:
    """The statistic of every test for a batch of shuffles, of which the first of all is the rows as they are.

    Args:
        tests: by name.
        is_current: whether a row is, ``[rows]``.
        batch: its first shuffle, and how many there are.
    """
    start, count = batch
    stream = np.random.PCG64(SEED).advance(start * len(is_current))  # a number for every row that was shuffled before
    keys = np.random.Generator(stream).random((count, len(is_current)))
    if start == 0:
        keys[0] = ~is_current
    ways: dict[bytes, np.ndarray] = {}
    found = {}
    for name, test in tests.items():
        known = test.rows.tobytes()
        if known not in ways:
            ways[known] = _part(keys[:, test.rows], int(is_current[test.rows].sum()))
        found[name] = test.statistic(ways[known])
    return found


def _part(keys: np.ndarray, current: int) -> np.ndarray:
    """Of every shuffle ``[ways, rows]`` the so many rows with the smallest keys are current: ``[rows, ways]``.

    So every test has as many rows on each side as it really has, and rows that are current in one are in others.
    """
    last = np.partition(keys, current - 1, axis=1)[:, current - 1, None]
    return np.ascontiguousarray((keys <= last).T, dtype=np.float32)


def _shares_as_far(values: np.ndarray) -> np.ndarray:
    """For each value the share of values that are as large or larger."""
    return (len(values) - np.searchsorted(np.sort(values), values, side="left")) / len(values)
