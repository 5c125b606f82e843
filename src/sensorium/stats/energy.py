"""How far apart two samples of embeddings lie, by the energy distance.

Szekely and Rizzo 2013, doi:10.1016/j.jspi.2013.03.018.
"""

from functools import cached_property

import numpy as np
from scipy.spatial.distance import cdist

DIGITS = 6  # of what single precision tells


class Energy:
    """Embeddings of both samples, a `sensorium.stats.statistics.Statistic` of them.

    Axes are divided by their deviation, so that each counts alike: by that of both samples together, which shuffles
    leave as it is. What is pickled are the embeddings, without the distances between all of them.

    Args:
        embeddings: ``[rows, axes]``, rows independent of each other.
    """

    def __init__(self, embeddings: np.ndarray) -> None:
        scale = embeddings.std(0)
        self._scaled = embeddings / np.where(scale > 0, scale, 1)

    def __getstate__(self) -> dict[str, np.ndarray]:
        return {"_scaled": self._scaled}

    def __call__(self, ways: np.ndarray) -> np.ndarray:
        """The energy distance, its unit the mean distance of all rows."""
        energy, _ = self._energy(ways)
        return np.round(energy * (ways.shape[0] ** 2 / max(self._total, 1e-300)), DIGITS)

    def effect(self, is_current: np.ndarray) -> float:
        """From 0 (the same) to 1 (each a point of its own): the root of the coefficient of inhomogeneity."""
        energy, between = self._energy(is_current[:, None].astype(np.float32))
        return float(np.sqrt(max(0.0, energy[0]) / (2 * between[0]))) if between[0] > 0 else 0.0

    def far(self, is_current: np.ndarray) -> np.ndarray:
        """Of every current row how much nearer it lies to the current ones than to the others ``[rows]``."""
        of_current = self._distances[is_current]
        return of_current[:, ~is_current].mean(1) - of_current[:, is_current].mean(1)

    @cached_property
    def _distances(self) -> np.ndarray:
        """Of every row to every other."""
        return cdist(self._scaled, self._scaled).astype(np.float32)

    @cached_property
    def _total(self) -> float:
        return float(self._distances.sum(dtype=np.float64))

    def _energy(self, ways: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The energy distance, and the mean distance between the samples, of ways to part the rows ``[rows, ways]``."""
        second = ways[:, 0].sum(dtype=np.float64)
        first = len(ways) - second
        sums = self._distances @ ways
        of_current = sums.sum(0, dtype=np.float64)
        within = (sums * ways).sum(0, dtype=np.float64)
        between = of_current - within
        outside = self._total - of_current - between
        mean_between = between / (first * second)
        return 2 * mean_between - within / second**2 - outside / first**2, mean_between
