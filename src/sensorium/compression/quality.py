"""How a candidate's answers compare with those of the uncompressed model, row by row."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from statsmodels.stats.proportion import proportion_confint

from sensorium.evaluation.bootstrap import interval, means


@dataclass(frozen=True)
class Quality:
    """A candidate on one target.

    Attributes:
        accuracy: share of rows it has right.
        gain: that, less the share the uncompressed model has right.
        low: the lower end of the gain's interval.
        high: the upper end.
    """

    accuracy: float
    gain: float
    low: float
    high: float


@dataclass(frozen=True)
class Judge:
    """Compares logits with those of the uncompressed model on the same rows.

    Attributes:
        labels: of every target, the class of each row ``[rows]``; -1 where it is not known.
        uncompressed: of every target, the uncompressed model's logits ``[rows, classes]``.
        groups: a number ``[rows]``; rows of a group are not independent.
        draws: of the bootstrap.
        confidence: of the intervals.
    """

    labels: Mapping[str, np.ndarray]
    uncompressed: Mapping[str, np.ndarray]
    groups: np.ndarray
    draws: int
    confidence: float

    def judge(self, logits: Mapping[str, np.ndarray]) -> dict[str, Quality]:
        """The quality on every target of which a row has a label.

        No interval is narrower than Wilson's for as many rows of which none changes: resampling rows without a change
        says that there is none, however few they are.
        """
        found = {}
        for target, labels in self.labels.items():
            known = labels >= 0
            if not known.any():
                continue
            hits = (logits[target].argmax(1) == labels)[known]
            before = (self.uncompressed[target].argmax(1) == labels)[known]
            gains = hits.astype(float) - before
            drawn = means(self.groups[known], gains[:, None], np.ones((len(gains), 1)), self.draws)[:, 0]
            low, high = interval(drawn, self.confidence) or (np.nan, np.nan)
            gain, least = float(gains.mean()), _least(len(gains), self.confidence)
            if high - low < 2 * least:
                low, high = min(low, gain - least), max(high, gain + least)
            found[target] = Quality(float(hits.mean()), gain, low, high)
        return found


def _least(rows: int, confidence: float) -> float:
    """The share of rows that may change though none of so many did."""
    return float(proportion_confint(0, rows, 1 - confidence, method="wilson")[1])


def similarity(one: np.ndarray, other: np.ndarray) -> float:
    """Mean cosine between two arrays' rows; 1 where there are none."""
    if not len(one):
        return 1.0
    one, other = one.reshape(len(one), -1), other.reshape(len(other), -1)
    lengths = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
    return float(((one * other).sum(1) / np.maximum(lengths, np.finfo(np.float32).tiny)).mean())
