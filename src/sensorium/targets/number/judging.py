"""A number is off by so much; its figures, and the simplest regressions."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from sensorium.targets.judging import Baseline, Features, Figures, Judged, Judging
from sensorium.targets.number.state import ENDS, Scaled

if TYPE_CHECKING:
    import pandas as pd


class NumberJudging(Scaled, Judging):
    """The score of a row is its absolute error, below zero."""

    figure_names: ClassVar[tuple[str, ...]] = ("mae", "rmse", "r2", "spearman", "coverage")
    main: ClassVar[str] = "mae"
    lower_is_better: ClassVar[tuple[str, ...]] = ("mae", "rmse")
    unbounded: ClassVar[tuple[str, ...]] = ("mae", "rmse", "r2", "spearman")
    subset_figures: ClassVar[tuple[str, ...]] = ("mae", "r2", "spearman", "coverage")
    honesty_figures: ClassVar[tuple[str, ...]] = ("coverage",)
    baselines: ClassVar[dict[str, Baseline]] = {
        "median": Baseline("median", "always saying the median"),
        "mean": Baseline("mean", "always saying the mean"),
        "ridge": Baseline("ridge regression", "ridge regression on the same features"),
    }
    compared: ClassVar[tuple[str, ...]] = ("mae", "r2", "coverage")

    def brief(self, predictions: np.ndarray) -> np.ndarray:
        return predictions

    def scores(self, brief: np.ndarray, truth: np.ndarray) -> np.ndarray:
        """The absolute error, below zero."""
        return -np.abs(brief[:, 0] - truth)

    def worth(self, predictions: np.ndarray, whole: np.ndarray) -> np.ndarray:
        """The number itself: an input's part in it is in its own unit."""
        return predictions[:, 0]

    def prior(self, truth: np.ndarray) -> np.ndarray:
        """The median, and an interval that holds as many training rows as it is to."""
        return self._between(self.median, truth[self.known(truth)])

    def simplest(self, features: Features) -> dict[str, np.ndarray]:
        """Median and mean of training rows, and ridge regression."""
        from sensorium.targets.number.baselines import ridge_regression

        numbers = features.training_truth[self.known(features.training_truth)]
        constant = [
            np.tile(self._between(one, numbers), (len(features.test), 1)) for one in (self.median, numbers.mean())
        ]
        standard, misses = ridge_regression(features, self.scale)
        ends = np.quantile(misses, ENDS)
        ridge = np.stack([self.scale.back(standard + one) for one in (0.0, *ends)], axis=1)
        return dict(zip(self.baselines, (*constant, ridge), strict=True))

    def judged(self, predictions: np.ndarray, truth: np.ndarray, groups: np.ndarray) -> Judged:
        from sensorium.targets.number.figures import PredictedNumbers

        known = self.known(truth)
        number, low, high = predictions[known].T
        return PredictedNumbers(truth[known], number, low, high, groups[known])

    def of_subset(self, brief: np.ndarray, truth: np.ndarray, groups: np.ndarray) -> Figures:
        found = self.judged(brief, truth, groups).figures()
        return {name: found[name] for name in self.subset_figures}

    @classmethod
    def agrees(cls, remembered: Any, other: Any) -> bool:
        """Whether the interval holds the other number."""
        return bool(remembered[1] <= _number(other) <= remembered[2])

    @classmethod
    def score(cls, predicted: Any, label: Any) -> float:
        return -abs(_number(predicted) - _number(label))

    @classmethod
    def interval(cls, scores: np.ndarray, confidence: float) -> tuple[float, float] | None:
        """Student's, of the mean absolute error, which is not below zero."""
        if len(scores) < 2:
            return None
        from scipy.stats import t

        half = t.ppf((1 + confidence) / 2, len(scores) - 1) * scores.std(ddof=1) / np.sqrt(len(scores))
        error = -float(scores.mean())
        return max(0.0, error - half), error + half

    def side_by_side(
        self, other: Self, ours: np.ndarray, theirs: np.ndarray, values: "pd.Series"
    ) -> tuple[tuple[Self, Self], np.ndarray, np.ndarray, np.ndarray]:
        return (self, self), self.truth(values), ours, theirs

    @classmethod
    def gain_unit(cls, figures: Mapping[str, Any]) -> float:
        """The error of always saying the median."""
        return figures["median"]["mae"]

    @classmethod
    def rank(cls, figures: Mapping[str, Any]) -> float:
        """The share of the variance that is explained."""
        return figures["r2"] if figures["r2"] is not None else 0.0

    def _between(self, number: float, numbers: np.ndarray) -> np.ndarray:
        low, high = np.quantile(numbers, ENDS)
        return np.array([number, min(low, number), max(high, number)])


def _number(found: Any) -> float:
    """A label, or the number in what is remembered of a prediction."""
    return float(found[0] if isinstance(found, list) else found)
