"""Figures of predicted numbers, of all rows and of resampled groups."""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from sensorium.stats.bootstrap import Samples, draw
from sensorium.targets.judging import Figures, Judged


@dataclass(frozen=True)
class PredictedNumbers(Judged):
    """Predicted numbers of rows whose number is known.

    Attributes:
        numbers: the true ones ``[rows]``.
        predicted: ``[rows]``.
        low: the lower ends of their intervals ``[rows]``.
        high: the upper ends ``[rows]``.
        groups: see `Judged`.
    """

    numbers: np.ndarray
    predicted: np.ndarray
    low: np.ndarray
    high: np.ndarray
    groups: np.ndarray

    @property
    def truth(self) -> np.ndarray:
        return self.numbers

    @property
    def scores(self) -> np.ndarray:
        """The absolute error, below zero."""
        return -np.abs(self.predicted - self.numbers)

    @property
    def held(self) -> np.ndarray:
        """Whether each interval holds the true number ``[rows]``."""
        return (self.low <= self.numbers) & (self.numbers <= self.high)

    def figures(self) -> Figures:
        """R2 and Spearman's correlation are ``None`` where the true numbers do not differ."""
        once = {name: values[0] for name, values in self._of(np.ones((1, len(self.numbers)))).items()}
        return {name: None if np.isnan(value) else float(value) for name, value in once.items()}

    def honesty(self) -> Figures:
        return {"coverage": float(self.held.mean())}

    def resample(self, draws: int, seed: int = 0) -> Samples:
        groups = np.unique(self.groups, return_inverse=True)[1]
        pieces: dict[str, list[np.ndarray]] = {}
        for weights in draw(int(groups.max()) + 1, draws, seed):
            for name, values in self._of(weights[:, groups]).items():
                pieces.setdefault(name, []).append(values)
        return {name: np.concatenate(values) for name, values in pieces.items()}

    def _of(self, weights: np.ndarray) -> Samples:
        """The figures of rows that count so often ``[draws, rows]``; not-a-number where one is not defined."""
        weights = weights.astype(float)
        count = weights.sum(1)
        errors, spread = self.predicted - self.numbers, self.numbers - self.numbers.mean()
        squares = weights @ errors**2
        around = weights @ spread**2 - (weights @ spread) ** 2 / count
        with np.errstate(divide="ignore", invalid="ignore"):
            r2 = np.where(around > 1e-12 * np.maximum(weights @ spread**2, 1e-300), 1 - squares / around, np.nan)
        return {
            "mae": weights @ np.abs(errors) / count,
            "rmse": np.sqrt(squares / count),
            "r2": r2,
            "spearman": _correlation(_ranks(self.predicted, weights), _ranks(self.numbers, weights), weights),
            "coverage": weights @ self.held / count,
        }


def _ranks(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The rank of each row ``[draws, rows]`` among rows that count so often; equal values share the middle one."""
    place = np.unique(values, return_inverse=True)[1]
    rows, different = len(values), int(place.max()) + 1
    sizes = weights @ csr_array((np.ones(rows), (np.arange(rows), place)), shape=(rows, different))
    return (sizes.cumsum(1) - sizes / 2)[:, place]


def _correlation(one: np.ndarray, other: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Pearson's, of rows that count so often ``[draws]``; not-a-number where either does not differ."""
    count = weights.sum(1, keepdims=True)
    one, other = (values - (weights * values).sum(1, keepdims=True) / count for values in (one, other))
    both, first, second = ((weights * a * b).sum(1) for a, b in ((one, other), (one, one), (other, other)))
    lengths = np.sqrt(first * second)
    return np.divide(both, lengths, out=np.full(len(both), np.nan), where=lengths > 1e-9 * count[:, 0] ** 2)
