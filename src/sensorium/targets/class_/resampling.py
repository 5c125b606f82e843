"""The figures of a classifier in resampled groups of rows, all draws at once."""

import numpy as np
from scipy.sparse import csr_array, hstack

from sensorium.stats.areas import FEWEST_DRAWS, areas
from sensorium.stats.bootstrap import Samples, draw
from sensorium.targets.class_.figures import BINS, Predictions, bins_of

MOST_NUMBERS = 10**8  # draws times groups that areas are told by: bounds the memory


def resample(predictions: Predictions, draws: int, seed: int = 0) -> Samples:
    """See `Predictions.resample`."""
    groups = np.unique(predictions.groups, return_inverse=True)[1]
    counts, number = _sums_of_groups(predictions, groups), int(groups.max()) + 1
    pieces: dict[str, list[np.ndarray]] = {}
    for weights in draw(number, draws, seed):
        for name, values in _figures_of_sums((counts.T @ weights.T).T, predictions).items():
            pieces.setdefault(name, []).append(values)
    found = {name: np.concatenate(values) for name, values in pieces.items()}
    if predictions.probabilities is not None:
        enough = min(draws, max(FEWEST_DRAWS, MOST_NUMBERS // number))
        weights = np.concatenate(list(draw(number, enough, seed)))
        found |= areas(predictions.probabilities, predictions.labels, groups, weights)
    return found


def _sums_of_groups(predictions: Predictions, groups: np.ndarray) -> csr_array:
    """What the figures are made of, summed over each group: ``[groups, 3 * classes + bins + 1]``.

    Hits, labels and predictions by class; confidence less hits by bin; and log loss.
    """
    count, classes, rows = int(groups.max()) + 1, predictions.classes, len(groups)
    labels, predicted, hit = predictions.labels, predictions.predicted, predictions.labels == predictions.predicted

    def summed(columns: np.ndarray, values: np.ndarray, width: int) -> csr_array:
        return csr_array((values, (groups, columns)), shape=(count, width))

    ones = np.ones(rows)
    parts = [
        summed(labels, hit.astype(float), classes),
        summed(labels, ones, classes),
        summed(predicted, ones, classes),
    ]
    if predictions.probabilities is not None:
        confidence = predictions.confidence
        chance = predictions.probabilities[np.arange(rows), labels]
        surprise = -np.log(np.clip(chance, np.finfo(np.float64).eps, 1))
        parts += [
            summed(bins_of(confidence), confidence - hit, BINS),
            summed(np.zeros(rows, int), surprise, 1),
        ]
    return csr_array(hstack(parts))


def _figures_of_sums(sums: np.ndarray, predictions: Predictions) -> Samples:
    """The figures of many draws ``[draws, columns]`` of `_sums_of_groups`."""
    classes = predictions.classes
    hits, labelled, predicted = (sums[:, place * classes : (place + 1) * classes] for place in range(3))
    rows = labelled.sum(1)
    occurs = (labelled + predicted) > 0

    def share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
        return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)

    by_class = {
        "precision": share(hits, predicted),
        "recall": share(hits, labelled),
        "f1": share(2 * hits, labelled + predicted),
    }
    accuracy = hits.sum(1) / rows
    found = {"accuracy": accuracy, "balanced_accuracy": by_class["recall"].sum(1) / (labelled > 0).sum(1)}
    found |= {f"macro_{name}": values.sum(1) / occurs.sum(1) for name, values in by_class.items()}
    found |= {f"micro_{name}": accuracy for name in by_class}
    found |= {f"weighted_{name}": (values * labelled).sum(1) / rows for name, values in by_class.items()}
    if predictions.probabilities is not None:
        gaps, surprise = sums[:, 3 * classes : -1], sums[:, -1]
        found |= {"log_loss": surprise / rows, "calibration_error": np.abs(gaps).sum(1) / rows}
    return found
