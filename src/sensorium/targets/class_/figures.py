"""Figures of a classifier, by scikit-learn where it has them."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from sklearn import config_context
from sklearn.metrics import (
    accuracy_score,
    balanced_accuracy_score,
    log_loss,
    precision_recall_fscore_support,
)

from sensorium.stats.areas import areas
from sensorium.stats.bootstrap import Samples
from sensorium.targets.judging import Figures, Judged

BINS = 15  # of confidence, as Guo et al. 2017 took
AVERAGES = ("macro", "micro", "weighted")


def likeliest(probabilities: np.ndarray) -> np.ndarray:
    """The number of each row's likeliest class ``[rows]``."""
    return probabilities.argmax(1)


@dataclass(frozen=True)
class Predictions(Judged):
    """What was predicted for rows whose label is known.

    Attributes:
        labels: class numbers ``[rows]``.
        predicted: class numbers ``[rows]``.
        groups: a number ``[rows]``; rows of a group are not independent (one picture, several voices).
        classes: how many classes there are.
        probabilities: ``[rows, classes]``; ``None`` where only the predicted class is kept.
    """

    labels: np.ndarray
    predicted: np.ndarray
    groups: np.ndarray
    classes: int
    probabilities: np.ndarray | None = None

    @classmethod
    def of(
        cls,
        probabilities: np.ndarray,
        labels: np.ndarray,
        groups: np.ndarray,
        decide: Callable[[np.ndarray], np.ndarray] = likeliest,
    ) -> "Predictions":
        """Of the rows whose label is known (-1 is not), what is decided by the probabilities."""
        known = labels >= 0
        kept = probabilities[known].astype(np.float64)
        kept /= kept.sum(1, keepdims=True)  # float32 sums to one only nearly
        return cls(labels[known], decide(kept), groups[known], kept.shape[1], kept)

    def select(self, rows: np.ndarray) -> "Predictions":
        """The rows where a mask ``[rows]`` is true."""
        probabilities = None if self.probabilities is None else self.probabilities[rows]
        return Predictions(self.labels[rows], self.predicted[rows], self.groups[rows], self.classes, probabilities)

    @property
    def confidence(self) -> np.ndarray:
        """The probability of the predicted class ``[rows]``."""
        assert self.probabilities is not None
        return self.probabilities[np.arange(len(self.predicted)), self.predicted]

    @property
    def truth(self) -> np.ndarray:
        return self.labels

    @property
    def scores(self) -> np.ndarray:
        """1 where the class is right, else 0."""
        return (self.labels == self.predicted).astype(float)

    def figures(self) -> Figures:
        return figures(self)

    def honesty(self) -> Figures:
        """Nothing where probabilities are not known."""
        return {} if self.probabilities is None else _of_calibration(self)

    def resample(self, draws: int, seed: int = 0) -> Samples:
        """Areas under curves, which compare all rows with each other, have fewer draws where rows are many."""
        from sensorium.targets.class_.resampling import resample

        return resample(self, draws, seed)


def figures(predictions: Predictions) -> Figures:
    """All figures of these predictions; those of probabilities only where they are known.

    Precision, recall and F1 are means over the classes that occur in labels or predictions, balanced accuracy over
    those in labels, ROC-AUC and PR-AUC (one class against the rest) over those that some rows have and others lack:
    ``None`` if there is none.
    """
    with config_context(skip_parameter_validation=True):  # which takes most of the time where classes are many
        return _figures(predictions)


def _figures(predictions: Predictions) -> Figures:
    labels, predicted = predictions.labels, predictions.predicted
    found: Figures = {"accuracy": float(accuracy_score(labels, predicted))}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of classes without rows, which the docstring speaks of
        found["balanced_accuracy"] = float(balanced_accuracy_score(labels, predicted))
    for average in AVERAGES:
        three = precision_recall_fscore_support(labels, predicted, average=average, zero_division=0)[:3]
        found |= {f"{average}_{name}": float(v) for name, v in zip(("precision", "recall", "f1"), three, strict=True)}
    if predictions.probabilities is None:
        return found
    return found | _figures_of_probabilities(predictions, predictions.probabilities)


def _figures_of_probabilities(predictions: Predictions, probabilities: np.ndarray) -> Figures:
    labels, rows = predictions.labels, len(predictions.labels)
    found = areas(probabilities, labels, np.arange(rows), np.ones((1, rows)))  # scikit-learn's, for all classes at once
    return {name: None if np.isnan(value) else float(value) for name, (value,) in found.items()} | _of_calibration(
        predictions
    )


def _of_calibration(predictions: Predictions) -> Figures:
    labels, classes = predictions.labels, range(predictions.classes)
    return {
        "log_loss": float(log_loss(labels, predictions.probabilities, labels=classes)) if len(classes) > 1 else 0.0,
        "calibration_error": calibration_gap(predictions.confidence, labels == predictions.predicted),
    }


def bins_of(confidence: np.ndarray) -> np.ndarray:
    """The bin ``[rows]`` of each confidence: equal widths from 0 to 1."""
    return np.clip(np.ceil(confidence * BINS).astype(int) - 1, 0, BINS - 1)


def calibration_gap(confidence: np.ndarray, right: np.ndarray) -> float:
    """How far confidence is from accuracy, a mean over bins (Guo et al. 2017, arXiv:1706.04599)."""
    gaps = np.bincount(bins_of(confidence), weights=confidence - right, minlength=BINS)
    return float(np.abs(gaps).sum() / len(right))


def reliability(confidence: np.ndarray, right: np.ndarray, parts: int) -> list[tuple[float, float]]:
    """Mean confidence and accuracy of the rows, sorted by confidence and cut into parts of equal size."""
    pieces = np.array_split(np.argsort(confidence, kind="stable"), min(parts, len(right)))
    return [(float(confidence[rows].mean()), float(right[rows].mean())) for rows in pieces]


def confusion(predictions: Predictions) -> np.ndarray:
    """Counts ``[classes, classes]``: rows are labels, columns what was predicted."""
    flat = predictions.labels * predictions.classes + predictions.predicted
    return np.bincount(flat, minlength=predictions.classes**2).reshape(predictions.classes, predictions.classes)
