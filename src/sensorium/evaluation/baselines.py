"""What simpler methods reach on the same features."""

import warnings
from collections.abc import Sequence

import numpy as np
import torch
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from sensorium.stats.scale import BOUND, scale
from sensorium.training.data import Rows

STRENGTHS = (1e-3, 1e-2)  # of the regression's inverse penalty
MOST_ROWS = 5_000  # to fit to: beyond, what is gained is not worth the minutes
STEPS = 200
MANY, FEW_STEPS = 50_000, 20  # weights, from which on a step is long
MOST_WEIGHTS = 100_000  # beyond, the leading components of the features stand for them


def majority(target: str, train: Rows, classes: int) -> np.ndarray:
    """Each class's share of the training rows ``[classes]``: what one would say knowing nothing."""
    labels = train.labels[target].numpy()
    counts = np.bincount(labels[labels >= 0], minlength=classes)
    return counts / counts.sum()


def logistic_regression(
    inputs: Sequence[str], target: str, train: Rows, val: Rows, test: Rows, classes: int
) -> np.ndarray:
    """The probabilities ``[rows, classes]`` that multinomial logistic regression gives for test rows.

    On the standardised features of the inputs side by side, missing ones as zeros; its strength is the one that is best
    on validation. Where training rows are of one class there is nothing to fit, and it says that class.
    """
    x, labels = _known(train, inputs, target)
    found = np.zeros((len(test), classes))
    if len(np.unique(labels)) < 2:
        found[:, labels[:1]] = 1
        return found
    dims, steps = x.shape[1], STEPS if x.shape[1] * classes <= MANY else FEW_STEPS
    kept = max(1, min(MOST_WEIGHTS // classes, len(x)))
    mean, deviation = scale(x)

    def scaled(features: np.ndarray) -> np.ndarray:
        return np.clip((features.astype(np.float64) - mean) / deviation, -BOUND, BOUND)

    is_large = kept < dims and dims * classes > MOST_WEIGHTS
    prepare = make_pipeline(FunctionTransformer(scaled), *([PCA(kept, random_state=0)] if is_large else []))
    x = prepare.fit_transform(x)
    x_val, labels_val = _known(val, inputs, target)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # stopping early is as good a baseline
        models = [LogisticRegression(C=c, max_iter=steps).fit(x, labels) for c in STRENGTHS]
    chosen = models[0]
    if len(labels_val):
        chosen = max(models, key=lambda model: model.score(prepare.transform(x_val), labels_val))
    found[:, chosen.classes_] = chosen.predict_proba(prepare.transform(_flat(test, inputs, torch.arange(len(test)))))
    return found


def _known(rows: Rows, inputs: Sequence[str], target: str) -> tuple[np.ndarray, np.ndarray]:
    """Features and labels of the rows whose label is known, at most some thousands of them, spread over all."""
    known = (rows.labels[target] >= 0).nonzero()[:, 0]
    kept = known[:: max(1, -(-len(known) // MOST_ROWS))]
    return _flat(rows, inputs, kept), rows.labels[target][kept].numpy()


def _flat(rows: Rows, inputs: Sequence[str], chosen: torch.Tensor) -> np.ndarray:
    """Features ``[rows, dims]`` of some inputs side by side."""
    features, _, _ = rows.batch(chosen)
    return np.concatenate([features[name].flatten(1).numpy() for name in inputs], axis=1)
