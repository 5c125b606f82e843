"""What the simplest methods reach where tags are predicted."""

import warnings
from functools import partial

import numpy as np
from sklearn.linear_model import LogisticRegression

from sensorium.targets.judging import Features
from sensorium.targets.linear_features import LinearFeatures
from sensorium.targets.multilabel.calibration import fit_thresholds
from sensorium.targets.multilabel.state import f1_of_rows

STRENGTHS = (1e-3, 1e-2, 1e-1)  # of the regression's inverse penalty
STEPS = 200


def commonest(truth: np.ndarray) -> np.ndarray:
    """Which tags to say always: as many of the commonest as give rows of this truth the highest F1 ``[tags]``."""
    frequencies = truth.mean(0)
    order = np.argsort(-frequencies, kind="stable")
    best, chosen = -1.0, np.zeros(truth.shape[1], bool)
    for count in range(truth.shape[1] + 1):
        decided = np.zeros(truth.shape[1], bool)
        decided[order[:count]] = True
        score = float(f1_of_rows(np.broadcast_to(decided, truth.shape), truth).mean())
        if score > best:
            best, chosen = score, decided
    return chosen


def one_against_rest(features: Features) -> np.ndarray:
    """The predictions ``[rows, 2 * tags]`` of a logistic regression a tag, for test rows.

    Their strength is the one of least log loss on validation, where thresholds are found as the network's are. A tag
    that all training rows have, or none, is as likely as among them.
    """
    (x, tags), (x_val, tags_val) = features.train, features.val
    linear = LinearFeatures.of(x, tags.shape[1])
    judging, truth = (linear.prepare(x_val), tags_val) if len(tags_val) else (linear.train, tags)
    fitted = [_fit(linear.train, tags, strength) for strength in STRENGTHS]
    found = [_probabilities(models, judging) for models in fitted]
    losses = [-np.log(np.clip(np.where(truth > 0, one, 1 - one), 1e-7, 1)).mean() for one in found]
    best = int(np.argmin(losses))
    probabilities = linear.predict(partial(_probabilities, fitted[best]), features.test)
    return np.concatenate([probabilities, probabilities >= fit_thresholds(found[best], truth)], axis=1)


Models = list[LogisticRegression | float]


def _fit(x: np.ndarray, tags: np.ndarray, strength: float) -> Models:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # stopping early is as good a baseline
        return [
            LogisticRegression(C=strength, max_iter=STEPS).fit(x, of_tag)
            if 0 < of_tag.sum() < len(of_tag)
            else float(of_tag.mean())
            for of_tag in tags.T
        ]


def _probabilities(models: Models, x: np.ndarray) -> np.ndarray:
    columns = [np.full(len(x), one) if isinstance(one, float) else one.predict_proba(x)[:, 1] for one in models]
    return np.stack(columns, axis=1)
