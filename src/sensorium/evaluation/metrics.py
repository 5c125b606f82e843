"""Figures of a classifier, with intervals by bootstrap over groups of rows."""

from dataclasses import dataclass

import numpy as np
from sklearn.metrics import accuracy_score, precision_recall_fscore_support

DRAWS_AT_ONCE = 100  # bounds the memory of the bootstrap

Figures = dict[str, float]


@dataclass(frozen=True)
class Predictions:
    """What was predicted for rows whose label is known.

    Attributes:
        labels: class numbers ``[rows]``.
        predicted: class numbers ``[rows]``.
        groups: a number ``[rows]``; rows of a group are not independent (one picture, several voices).
        classes: how many classes there are.
    """

    labels: np.ndarray
    predicted: np.ndarray
    groups: np.ndarray
    classes: int


def figures(predictions: Predictions) -> Figures:
    """Accuracy, and precision, recall and F1 averaged over the classes that occur in labels or predictions."""
    precision, recall, f1, _ = precision_recall_fscore_support(
        predictions.labels, predictions.predicted, average="macro", zero_division=0
    )
    accuracy = accuracy_score(predictions.labels, predictions.predicted)
    return {
        "accuracy": float(accuracy),
        "macro_precision": float(precision),
        "macro_recall": float(recall),
        "macro_f1": float(f1),
    }


def confusion(predictions: Predictions) -> np.ndarray:
    """Counts ``[classes, classes]``: rows are labels, columns what was predicted."""
    flat = predictions.labels * predictions.classes + predictions.predicted
    return np.bincount(flat, minlength=predictions.classes**2).reshape(predictions.classes, predictions.classes)


def intervals(predictions: Predictions, draws: int, confidence: float, seed: int = 0) -> dict[str, list[float]]:
    """Percentile intervals of `figures`, drawing whole groups with replacement (Field and Welsh 2007).

    Args:
        predictions: what to measure.
        draws: how many times the groups are drawn.
        confidence: share of the draws inside the interval.
        seed: of the draws.
    """
    groups = np.unique(predictions.groups, return_inverse=True)[1]
    count, classes = groups.max() + 1, predictions.classes
    flat = (groups * classes + predictions.labels) * classes + predictions.predicted
    cells = np.bincount(flat, minlength=count * classes**2).reshape(count, classes**2).astype(np.float64)
    random = np.random.default_rng(seed)
    found: dict[str, list[np.ndarray]] = {}
    for start in range(0, draws, DRAWS_AT_ONCE):
        drawn = random.multinomial(count, np.full(count, 1 / count), size=min(DRAWS_AT_ONCE, draws - start))
        for name, values in _figures_of(np.reshape(drawn @ cells, (-1, classes, classes))).items():
            found.setdefault(name, []).append(values)
    tail = (1 - confidence) / 2
    return {name: [float(q) for q in np.quantile(np.concatenate(v), [tail, 1 - tail])] for name, v in found.items()}


def _figures_of(matrices: np.ndarray) -> dict[str, np.ndarray]:
    """`figures` of many confusion matrices ``[draws, classes, classes]`` at once."""
    hits = np.diagonal(matrices, axis1=1, axis2=2)
    labelled, predicted = matrices.sum(2), matrices.sum(1)
    occurs = (labelled + predicted) > 0

    def mean_over_classes(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
        share = np.divide(numerator, denominator, out=np.zeros_like(numerator), where=denominator > 0)
        return share.sum(1) / occurs.sum(1)

    return {
        "accuracy": hits.sum(1) / matrices.sum((1, 2)),
        "macro_precision": mean_over_classes(hits, predicted),
        "macro_recall": mean_over_classes(hits, labelled),
        "macro_f1": mean_over_classes(2 * hits, labelled + predicted),
    }
