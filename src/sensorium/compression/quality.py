"""How a candidate's answers compare with those of the uncompressed model, row by row."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from sensorium.stats.certainty import paired, unseen
from sensorium.stats.enough import unjudged

ANYTHING = (-1.0, 1.0)  # what may be gained where rows cannot tell


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
class Evaluator:
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

    def evaluate(self, logits: Mapping[str, np.ndarray], exact: bool = False) -> dict[str, Quality]:
        """The quality on every target of which a row has a label.

        Args:
            logits: of a candidate.
            exact: whether it computes the same by construction; then that no row changes needs no proof.
        """
        found = {}
        for target, rows in self.labelled.items():
            labels = self.labels[target]
            known = labels >= 0
            hits = (logits[target].argmax(1) == labels)[known]
            before = (self.uncompressed[target].argmax(1) == labels)[known]
            least = 0.0 if exact else unseen(rows, self.confidence)
            gains = hits.astype(float) - before
            gain, bounds = paired(self.groups[known], gains, self.draws, self.confidence, least)
            low, high = bounds or ([gain, gain] if exact else ANYTHING)
            found[target] = Quality(float(hits.mean()), gain, low, high)
        return found

    @property
    def unjudged(self) -> dict[str, str]:
        """Why nothing can be proven, of every target of which that is so."""
        known = {target: self.labels[target] >= 0 for target in self.labelled}
        found = {target: unjudged(self.groups[rows], self.labels[target][rows]) for target, rows in known.items()}
        return {target: why for target, why in found.items() if why}

    @property
    def labelled(self) -> dict[str, int]:
        """Rows whose label is known, of every target that has any."""
        return {target: rows for target, labels in self.labels.items() if (rows := int((labels >= 0).sum()))}


def similarity(one: np.ndarray, other: np.ndarray) -> float:
    """Mean cosine between two arrays' rows; 1 where there are none."""
    if not len(one):
        return 1.0
    one, other = (rows.reshape(len(rows), -1).astype(np.float64) for rows in (one, other))
    lengths = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
    return float(((one * other).sum(1) / np.maximum(lengths, np.finfo(np.float32).tiny)).mean())
