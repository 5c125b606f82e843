"""How far apart two samples of embeddings lie, and whether chance alone would bring them there."""

from dataclasses import dataclass

import numpy as np
from scipy.spatial.distance import cdist

BATCH = 250  # shuffles at once


@dataclass(frozen=True)
class Distance:
    """Two samples beside each other.

    Attributes:
        effect: from 0 (the same) to 1 (each a point of its own).
        p_value: the chance of an effect as large where both are drawn alike.
        far: of every row of the second sample, how much nearer to its own than to the first ``[rows]``.
    """

    effect: float
    p_value: float
    far: np.ndarray


def energy_distance(reference: np.ndarray, current: np.ndarray, shuffles: int, seed: int = 0) -> Distance:
    """The energy test (Szekely and Rizzo 2013, doi:10.1016/j.jspi.2013.03.018) with its null by permutation.

    Axes are divided by their deviation, so that each counts alike: by that of both samples together, which shuffles
    leave as it is. The effect is the root of the coefficient
    of inhomogeneity.

    Args:
        reference: rows ``[rows, axes]``, independent of each other.
        current: rows ``[rows, axes]``, likewise.
        shuffles: of the rows between the samples; p-values are no smaller than one over their number and one.
        seed: of the shuffles.
    """
    both = np.concatenate([reference, current])
    scale = both.std(0)
    both = both / np.where(scale > 0, scale, 1)
    distances = cdist(both, both).astype(np.float32)
    first, second = len(reference), len(current)
    is_current = np.zeros(first + second, np.float32)
    is_current[first:] = 1
    found, between = _energy(distances, is_current[None])
    random = np.random.default_rng(seed)
    as_far = 0
    for start in range(0, shuffles, BATCH):
        count = min(BATCH, shuffles - start)
        as_far += int((_energy(distances, random.permuted(np.tile(is_current, (count, 1)), axis=1))[0] >= found).sum())
    far = distances[first:, :first].mean(1) - distances[first:, first:].mean(1)
    effect = np.sqrt(max(0.0, float(found[0])) / (2 * float(between[0]))) if between[0] > 0 else 0.0
    return Distance(float(effect), (1 + as_far) / (1 + shuffles), far)


def _energy(distances: np.ndarray, is_current: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The energy distance, and the mean distance between the samples, of many ways to part the rows ``[ways, rows]``.

    Distances ``[rows, rows]`` are summed by matrix products; float32 keeps five digits, far more than chance leaves.
    """
    second = is_current.sum(1, dtype=np.float64)
    first = is_current.shape[1] - second
    sums = is_current @ distances
    total, of_current = float(distances.sum(dtype=np.float64)), sums.sum(1, dtype=np.float64)
    within = (sums * is_current).sum(1, dtype=np.float64)
    between = of_current - within
    outside = total - of_current - between
    mean_between = between / (first * second)
    return 2 * mean_between - within / second**2 - outside / first**2, mean_between
