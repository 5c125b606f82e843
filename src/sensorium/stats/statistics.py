"""How far apart the two sides of a column lie, for many ways of parting its rows into a reference and a current side.

What chance alone would do is learnt from shuffled rows (`permutation`), which holds however small
either side is. Tests that take a reference of a hundred rows for exact, as Evidently's own of categories does, find
drift in far too many samples that have none.
"""

from collections.abc import Callable
from enum import StrEnum
from functools import partial

import numpy as np

DIGITS = 9  # equal distances are equal in spite of rounding

# From ways to part rows, ``[rows, ways]`` of 1 for current and 0 for reference, as many of each in every way, to how
# far apart the sides lie ``[ways]``.
Statistic = Callable[[np.ndarray], np.ndarray]


class Kind(StrEnum):
    """What a column holds."""

    NUMBER = "number"
    CATEGORY = "category"
    FLAG = "flag"  # whether something was there


def of_numbers(values: np.ndarray) -> Statistic:
    """Kolmogorov and Smirnov's: the largest distance of the distributions.

    Args:
        values: finite numbers ``[rows]``.
    """
    order = np.argsort(values, kind="stable")
    ends = np.flatnonzero(np.append(np.diff(values[order]) > 0, True))  # equal numbers lie on one step
    return partial(_largest_distance, order, ends)


def of_classes(names: np.ndarray) -> Statistic:
    """Chi-squared of homogeneity, but for a factor that is the same for all ways.

    Args:
        names: of classes ``[rows]``.
    """
    _, numbers, counts = np.unique(names, return_inverse=True, return_counts=True)
    return partial(_chi_squared, numbers, counts)


def _largest_distance(order: np.ndarray, ends: np.ndarray, ways: np.ndarray) -> np.ndarray:
    """In whole numbers: shares of either side times both sides' sizes."""
    current = np.cumsum(ways[order], axis=0, dtype=np.int64)[ends]
    apart = current * len(order) - (ends[:, None] + 1) * ways[:, 0].sum(dtype=np.int64)
    return np.abs(apart).max(axis=0)


def _chi_squared(numbers: np.ndarray, counts: np.ndarray, ways: np.ndarray) -> np.ndarray:
    members = np.equal(np.arange(len(counts))[:, None], numbers).astype(np.float32)
    current = (members @ ways).astype(np.float64)
    expected = counts[:, None] * (current[:, :1].sum() / len(numbers))
    return np.round(((current - expected) ** 2 / counts[:, None]).sum(axis=0), DIGITS)
