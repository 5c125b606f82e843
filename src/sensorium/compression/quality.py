"""How a candidate's answers compare with those of the uncompressed model, row by row."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sensorium.compression.trained import Trained
from sensorium.stats.certainty import paired, unseen
from sensorium.stats.enough import unjudged
from sensorium.targets import Learnt
from sensorium.training.forward import predict

ANYTHING = (-1.0, 1.0)  # what may be gained where rows cannot tell


@dataclass(frozen=True)
class Quality:
    """A candidate on one target.

    Attributes:
        name: of the target's main figure.
        figure: it.
        gain: of the mean score on that of the uncompressed model, as a share of the target's unit: of accuracy that is
            how many more rows are right.
        low: the lower end of the gain's interval.
        high: the upper end.
    """

    name: str
    figure: float
    gain: float
    low: float
    high: float


@dataclass(frozen=True)
class Evaluator:
    """Compares outputs with those of the uncompressed model on the same rows.

    Attributes:
        targets: what is predicted.
        labels: of every target, what is true of each row ``[rows]``.
        uncompressed: of every target, the uncompressed model's outputs ``[rows, outputs]``.
        groups: a number ``[rows]``; rows of a group are not independent.
        draws: of the bootstrap.
        confidence: of the intervals.
    """

    targets: Mapping[str, Learnt]
    labels: Mapping[str, np.ndarray]
    uncompressed: Mapping[str, np.ndarray]
    groups: np.ndarray
    draws: int
    confidence: float

    def evaluate(self, outputs: Mapping[str, np.ndarray], exact: bool = False) -> dict[str, Quality]:
        """The quality on every target of which a row has a label.

        Args:
            outputs: of a candidate.
            exact: whether it computes the same by construction; then that no row changes needs no proof.
        """
        found = {}
        for target, rows in self.labelled.items():
            learnt, known = self.targets[target], self._known(target)
            after, before = (self._scores(target, one[target][known]) for one in (outputs, self.uncompressed))
            least = 0.0 if exact else unseen(rows, self.confidence)
            gains = (after - before) / learnt.unit
            gain, bounds = paired(self.groups[known], gains, self.draws, self.confidence, least)
            low, high = bounds or ([gain, gain] if exact else ANYTHING)
            found[target] = Quality(learnt.main, learnt.figure_of(float(after.mean())), gain, low, high)
        return found

    def _known(self, target: str) -> np.ndarray:
        """Whether a row has a label ``[rows]``."""
        return self.targets[target].known(self.labels[target])

    def _scores(self, target: str, outputs: np.ndarray) -> np.ndarray:
        """Of the rows that have a label."""
        learnt = self.targets[target]
        return learnt.scores(learnt.brief(learnt.predict(outputs)), self.labels[target][self._known(target)])

    @property
    def unjudged(self) -> dict[str, str]:
        """Why nothing can be proven, of every target of which that is so."""
        known = {target: self._known(target) for target in self.labelled}
        found = {target: unjudged(self.groups[rows], self.labels[target][rows]) for target, rows in known.items()}
        return {target: why for target, why in found.items() if why}

    @property
    def labelled(self) -> dict[str, int]:
        """Rows whose label is known, of every target that has any."""
        return {target: rows for target in self.targets if (rows := int(self._known(target).sum()))}


def make_evaluator(trained: Trained, test: pd.DataFrame, draws: int, confidence: float) -> Evaluator:
    """Compares with the trained model's answers for these test rows.

    Args:
        trained: the model.
        test: rows to measure on.
        draws: of the bootstrap.
        confidence: of the intervals.
    """
    rows = trained.rows(test)
    return Evaluator(
        trained.network.targets,
        {target: known.numpy() for target, known in rows.labels.items()},
        {target: logits.numpy() for target, logits in predict(trained.network, rows).items()},
        test["group"].to_numpy(),
        draws,
        confidence,
    )


def similarity(one: np.ndarray, other: np.ndarray) -> float:
    """Mean cosine between two arrays' rows; 1 where there are none."""
    if not len(one):
        return 1.0
    one, other = (rows.reshape(len(rows), -1).astype(np.float64) for rows in (one, other))
    lengths = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
    return float(((one * other).sum(1) / np.maximum(lengths, np.finfo(np.float32).tiny)).mean())
