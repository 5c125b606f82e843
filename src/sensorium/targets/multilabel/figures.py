"""Figures of predicted tags, of all rows and of resampled groups."""

from dataclasses import dataclass

import numpy as np

from sensorium.stats.bootstrap import Samples, draw
from sensorium.targets.judging import Figures, Judged
from sensorium.targets.multilabel.state import FIGURES, HONESTY, f1_of_rows

BINS = 15  # of probabilities
CLOSE = 1e-7  # to 0 or 1, beyond which a probability costs no more
MOST_SORTED = 100_000_000  # cells of all draws: beyond, average precision has fewer draws


@dataclass(frozen=True)
class PredictedTags(Judged):
    """Predicted tags of rows whose tags are known.

    Attributes:
        tags: 1 where a row has a tag ``[rows, tags]``.
        decided: whether each is answered ``[rows, tags]``.
        probabilities: ``[rows, tags]``.
        groups: see `Judged`.
    """

    tags: np.ndarray
    decided: np.ndarray
    probabilities: np.ndarray
    groups: np.ndarray

    @property
    def truth(self) -> np.ndarray:
        return self.tags

    @property
    def scores(self) -> np.ndarray:
        """F1 of each row."""
        return f1_of_rows(self.decided, self.tags)

    def figures(self) -> Figures:
        """Means over tags are over those that occur; mean average precision over those that some rows have."""
        ones = np.ones((1, len(self.tags)))
        once = {name: values[0] for name, values in (self._of(ones) | {"map": self._precision(ones)}).items()}
        return {name: None if np.isnan(once[name]) else float(once[name]) for name in FIGURES}

    def honesty(self) -> Figures:
        found = self.figures()
        return {name: found[name] for name in HONESTY}

    def resample(self, draws: int, seed: int = 0) -> Samples:
        groups = np.unique(self.groups, return_inverse=True)[1]
        pieces: dict[str, list[np.ndarray]] = {}
        sorted_draws = max(1, MOST_SORTED // max(1, self.tags.size))
        for weights in draw(int(groups.max()) + 1, draws, seed):
            by_row = weights[:, groups].astype(float)
            for name, values in self._of(by_row).items():
                pieces.setdefault(name, []).append(values)
            if (left := sorted_draws - sum(map(len, pieces.get("map", [])))) > 0:
                pieces.setdefault("map", []).append(self._precision(by_row[:left]))
        return {name: np.concatenate(pieces[name]) for name in FIGURES}

    def _of(self, weights: np.ndarray) -> Samples:
        """The figures of rows that count so often ``[draws, rows]``."""
        has, decided = self.tags > 0, self.decided
        count = weights.sum(1)
        both, sizes = weights @ (has & decided), weights @ (has.astype(float) + decided)  # [draws, tags]
        occurs = sizes > 0
        of_tags = np.divide(2 * both, sizes, out=np.zeros_like(sizes), where=occurs)
        with np.errstate(invalid="ignore", divide="ignore"):
            micro, macro = 2 * both.sum(1) / sizes.sum(1), of_tags.sum(1) / occurs.sum(1)
        return {
            "samples_f1": weights @ self.scores / count,
            "micro_f1": micro,
            "macro_f1": macro,
            "log_loss": weights @ self._surprise() / count,
            "calibration_error": self._gaps(weights) / count,
        }

    def _surprise(self) -> np.ndarray:
        """The mean log loss of the tags of each row ``[rows]``."""
        sure = np.clip(np.where(self.tags > 0, self.probabilities, 1 - self.probabilities), CLOSE, 1)
        return -np.log(sure).mean(1)

    def _gaps(self, weights: np.ndarray) -> np.ndarray:
        """How far probabilities are from how often tags are there, by bins, added up over rows ``[draws]``."""
        rows, tags = self.tags.shape
        bins = np.clip((self.probabilities * BINS).astype(int), 0, BINS - 1)
        off = np.zeros((rows, BINS))
        np.add.at(off, (np.repeat(np.arange(rows), tags), bins.ravel()), (self.probabilities - self.tags).ravel())
        return np.abs(weights @ off).sum(1) / tags

    def _precision(self, weights: np.ndarray) -> np.ndarray:
        """Mean average precision over the tags that rows of a draw have ``[draws]``; equal probabilities are one."""
        added, tags = np.zeros(len(weights)), np.zeros(len(weights))
        for place in range(self.tags.shape[1]):
            order = np.argsort(-self.probabilities[:, place], kind="stable")
            ends = np.flatnonzero(np.diff(self.probabilities[order, place], append=-1.0) != 0)
            ordered = weights[:, order]
            hits = (ordered * self.tags[order, place]).cumsum(1)[:, ends]
            found = np.divide(hits, ordered.cumsum(1)[:, ends], out=np.zeros_like(hits), where=hits > 0)
            steps = np.diff(hits, axis=1, prepend=0.0)
            positive = hits[:, -1] > 0
            added[positive] += (steps * found).sum(1)[positive] / hits[positive, -1]
            tags += positive
        return np.divide(added, tags, out=np.full(len(weights), np.nan), where=tags > 0)

    def of_tags(self) -> list[dict[str, float]]:
        """For each tag its rows, precision, recall, F1 and average precision."""
        has, decided = self.tags > 0, self.decided
        both, rows, answers = (has & decided).sum(0), has.sum(0), decided.sum(0)
        alone = [
            PredictedTags(self.tags[:, [place]], decided[:, [place]], self.probabilities[:, [place]], self.groups)
            for place in range(self.tags.shape[1])
        ]
        ones = np.ones((1, len(self.tags)))
        return [
            {
                "rows": int(rows[place]),
                "precision": float(both[place] / max(answers[place], 1)),
                "recall": float(both[place] / max(rows[place], 1)),
                "f1": float(2 * both[place] / max(rows[place] + answers[place], 1)),
                "average_precision": float(one._precision(ones)[0]),
            }
            for place, one in enumerate(alone)
        ]
