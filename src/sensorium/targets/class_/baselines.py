"""What logistic regression reaches on the features that a network reads."""

import warnings

import numpy as np
from sklearn.linear_model import LogisticRegression

from sensorium.targets.judging import Features
from sensorium.targets.linear_features import LinearFeatures

STRENGTHS = (1e-3, 1e-2)  # of the regression's inverse penalty
STEPS = 200
MANY, FEW_STEPS = 50_000, 20  # weights, from which on a step is long


def logistic_regression(features: Features, classes: int) -> np.ndarray:
    """The probabilities ``[rows, classes]`` that multinomial logistic regression gives for test rows.

    Its strength is the one that is best on validation. Where training rows are of one class there is nothing to fit,
    and it says that class.
    """
    (x, labels), (x_val, labels_val) = features.train, features.val
    found = np.zeros((len(features.test), classes))
    if len(np.unique(labels)) < 2:
        found[:, labels[:1]] = 1
        return found
    steps = STEPS if x.shape[1] * classes <= MANY else FEW_STEPS
    linear = LinearFeatures.of(x, classes)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # stopping early is as good a baseline
        models = [LogisticRegression(C=c, max_iter=steps).fit(linear.train, labels) for c in STRENGTHS]
    chosen = models[0]
    if len(labels_val):
        chosen = max(models, key=lambda model: model.score(linear.prepare(x_val), labels_val))
    found[:, chosen.classes_] = linear.predict(chosen.predict_proba, features.test)
    return found
