"""What a simpler method reaches on the same features."""

import warnings
from collections.abc import Sequence

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression

from sensorium.models.scale import BOUND, scale
from sensorium.training.data import Rows

STRENGTHS = (1e-3, 1e-2)  # of the regression's inverse penalty
MOST_ROWS = 5_000  # to fit to: beyond, what is gained is not worth the minutes


def logistic_regression(inputs: Sequence[str], target: str, train: Rows, val: Rows, test: Rows) -> np.ndarray:
    """The classes ``[rows]`` that multinomial logistic regression predicts for test rows; -1 where it has none to fit.

    On the standardised features of the inputs side by side, missing ones as zeros; its strength is the one that is best
    on validation.
    """
    x, labels = _known(train, inputs, target)
    if len(np.unique(labels)) < 2:
        return np.full(len(test), -1)
    mean, deviation = scale(x)

    def scaled(features: np.ndarray) -> np.ndarray:
        return np.clip((features.astype(np.float64) - mean) / deviation, -BOUND, BOUND)

    x_val, labels_val = _known(val, inputs, target)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # stopping early is as good a baseline
        models = [LogisticRegression(C=c, max_iter=200).fit(scaled(x), labels) for c in STRENGTHS]
    chosen = models[0]
    if len(labels_val):
        chosen = max(models, key=lambda model: model.score(scaled(x_val), labels_val))
    return chosen.predict(scaled(_flat(test, inputs, torch.arange(len(test)))))


def _known(rows: Rows, inputs: Sequence[str], target: str) -> tuple[np.ndarray, np.ndarray]:
    """Features and labels of the rows whose label is known, at most some thousands of them, spread over all."""
    known = (rows.labels[target] >= 0).nonzero()[:, 0]
    kept = known[:: max(1, -(-len(known) // MOST_ROWS))]
    return _flat(rows, inputs, kept), rows.labels[target][kept].numpy()


def _flat(rows: Rows, inputs: Sequence[str], chosen: torch.Tensor) -> np.ndarray:
    """Features ``[rows, dims]`` of some inputs side by side."""
    features, _, _ = rows.batch(chosen)
    return np.concatenate([features[name].flatten(1).numpy() for name in inputs], axis=1)
