"""The names of tags, which all that is asked of them goes by."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sensorium.spelling import is_missing
from sensorium.targets.multilabel.cells import tags_in

if TYPE_CHECKING:
    import pandas as pd

HONESTY = ("log_loss", "calibration_error")  # figures of how honest probabilities are
FIGURES = ("samples_f1", "micro_f1", "macro_f1", "map", *HONESTY)


@dataclass(frozen=True)
class Tags:
    """Tags: an output is a logit each, a truth is 1 for each that a row has, 0 for others, -1 if it is not known.

    What is predicted are the probability of each tag, then for each whether it is said, 1 or 0 ``[rows, 2 * tags]``.

    Attributes:
        tags: their names, in the order of the outputs.
        frequencies: the part of training rows that has each.
        thresholds: the probability from which each is said.
        weight: see `Learning`.
        unit: see `Judging`.
    """

    tags: tuple[str, ...]
    frequencies: tuple[float, ...]
    thresholds: tuple[float, ...]
    weight: float = 1.0
    unit: float = 1.0

    def truth(self, values: "pd.Series") -> np.ndarray:
        """Tags that no training row taught are left out ``[rows, tags]``."""
        place = {tag: number for number, tag in enumerate(self.tags)}
        found = np.zeros((len(values), len(self.tags)), int)
        for row, value in enumerate(values):
            if is_missing(value):
                found[row] = -1
            else:
                found[row, [place[tag] for tag in tags_in(value) if tag in place]] = 1
        return found

    def known(self, truth: Any) -> Any:
        return truth[:, 0] >= 0

    def probabilities(self, predictions: np.ndarray) -> np.ndarray:
        """The first half of predictions; of one row as of many."""
        return predictions[..., : len(self.tags)]

    def decisions(self, predictions: np.ndarray) -> np.ndarray:
        """Whether each tag is predicted."""
        return predictions[..., len(self.tags) :] > 0

    def likely_tags(self, prediction: np.ndarray) -> list[str]:
        """The tags that are predicted of a row."""
        return [tag for tag, is_likely in zip(self.tags, self.decisions(prediction), strict=True) if is_likely]


def f1_of_rows(decided: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """F1 of each row ``[rows]``; 1 where there is no tag and none is predicted."""
    both = (decided & (truth > 0)).sum(1)
    sizes = decided.sum(1) + (truth > 0).sum(1)
    return np.where(sizes > 0, 2 * both / np.maximum(sizes, 1), 1.0)
