"""A class is right or wrong; its figures, and the simplest classifiers."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from sensorium.spelling import is_missing, spelled
from sensorium.targets.class_.state import Classes
from sensorium.targets.judging import Baseline, Features, Figures, Judging

if TYPE_CHECKING:
    import pandas as pd

    from sensorium.targets.class_.figures import Predictions


class ClassJudging(Classes, Judging):
    """The score of a row is 1 where its class is right, else 0."""

    figure_names: ClassVar[tuple[str, ...]] = (
        "accuracy",
        "balanced_accuracy",
        *(f"{average}_{name}" for average in ("macro", "micro", "weighted") for name in ("precision", "recall", "f1")),
        "roc_auc",
        "pr_auc",
        "log_loss",
        "calibration_error",
    )
    main: ClassVar[str] = "accuracy"
    lower_is_better: ClassVar[tuple[str, ...]] = ("log_loss", "calibration_error")
    unbounded: ClassVar[tuple[str, ...]] = ("log_loss",)
    subset_figures: ClassVar[tuple[str, ...]] = (
        "accuracy", "balanced_accuracy", "macro_f1", "confidence", "calibration_error"
    )  # fmt: skip
    honesty_figures: ClassVar[tuple[str, ...]] = ("log_loss", "calibration_error")
    baselines: ClassVar[dict[str, Baseline]] = {
        "majority": Baseline("commonest class", "always saying the commonest class"),
        "logistic_regression": Baseline("logistic regression", "logistic regression on the same features"),
    }
    compared: ClassVar[tuple[str, ...]] = ("accuracy", "macro_f1", "log_loss")

    def brief(self, predictions: np.ndarray) -> np.ndarray:
        """The class that is answered and its probability ``[rows, 2]``."""
        decided = self.decide(predictions)
        return np.stack([decided.astype(predictions.dtype), self.confidence_in(predictions, decided)], axis=1)

    def scores(self, brief: np.ndarray, truth: np.ndarray) -> np.ndarray:
        """1 where the class is right, else 0."""
        return (brief[:, 0] == truth).astype(float)

    def worth(self, predictions: np.ndarray, whole: np.ndarray) -> np.ndarray:
        """The probability of the class that all inputs together predict."""
        return predictions[np.arange(len(whole)), whole[:, 0].astype(int)]

    def prior(self, truth: np.ndarray) -> np.ndarray:
        """Each class's share of the rows."""
        counts = np.bincount(truth[truth >= 0], minlength=len(self.classes))
        return counts / counts.sum()

    def simplest(self, features: Features) -> dict[str, np.ndarray]:
        from sensorium.targets.class_.baselines import logistic_regression

        prior = np.tile(self.prior(features.training_truth), (len(features.test), 1))
        return dict(zip(self.baselines, (prior, logistic_regression(features, len(self.classes))), strict=True))

    def judged(self, predictions: np.ndarray, truth: np.ndarray, groups: np.ndarray) -> "Predictions":
        from sensorium.targets.class_.figures import Predictions

        return Predictions.of(predictions, truth, groups, self.decide)

    def of_subset(self, brief: np.ndarray, truth: np.ndarray, groups: np.ndarray) -> Figures:
        """Those of the classes, how sure the network is of them, and how far that is from how often it is right."""
        from sensorium.targets.class_.figures import Predictions, calibration_gap

        predictions = Predictions(truth, brief[:, 0].astype(int), groups, len(self.classes))
        sure, right = brief[:, 1], truth == predictions.predicted
        found = predictions.figures() | {
            "confidence": float(sure.mean()), "calibration_error": calibration_gap(sure, right)
        }  # fmt: skip
        return {name: found[name] for name in self.subset_figures}

    @classmethod
    def agrees(cls, remembered: Any, other: Any) -> bool:
        return spelled(remembered) == spelled(other)

    @classmethod
    def score(cls, predicted: Any, label: Any) -> float:
        return float(cls.agrees(predicted, label))

    @classmethod
    def interval(cls, scores: np.ndarray, confidence: float) -> tuple[float, float] | None:
        """Wilson's (1927)."""
        from statsmodels.stats.proportion import proportion_confint

        return proportion_confint(int(scores.sum()), len(scores), 1 - confidence, "wilson")

    def side_by_side(
        self, other: Self, ours: np.ndarray, theirs: np.ndarray, values: "pd.Series"
    ) -> tuple[tuple[Self, Self], np.ndarray, np.ndarray, np.ndarray]:
        """Over the classes of both, as they are spelled now."""
        names = [[spelled(name) for name in one.classes] for one in (self, other)]
        place_of = {name: place for place, name in enumerate(dict.fromkeys([*names[0], *names[1]]))}
        truth = np.array([-1 if is_missing(label) else place_of.get(spelled(label), -1) for label in values])
        ours, theirs = (_spread(of, known, place_of) for of, known in zip((ours, theirs), names, strict=True))
        judges = self._over(names[0], place_of), other._over(names[1], place_of)
        return judges, truth, ours, theirs

    def _over(self, known: list[str], place_of: Mapping[str, int]) -> Self:
        """The same with more classes, of which it answers none that it does not know."""
        if not self.frequencies:
            return replace(self, classes=tuple(place_of))
        found = _spread(np.array([self.frequencies]), known, place_of)[0]
        return replace(self, classes=tuple(place_of), frequencies=tuple(np.where(found > 0, found, 1.0).tolist()))

    @classmethod
    def gain_unit(cls, figures: Mapping[str, Any]) -> float:
        return 1.0

    @classmethod
    def rank(cls, figures: Mapping[str, Any]) -> float:
        return figures["accuracy"]


def _spread(probabilities: np.ndarray, known: list[str], place_of: Mapping[str, int]) -> np.ndarray:
    """Probabilities over more classes; one that a model does not know has none, one that it spells twice has both."""
    wide = np.zeros((len(probabilities), len(place_of)))
    for name, chances in zip(known, probabilities.T, strict=True):
        wide[:, place_of[name]] += chances
    return wide
