"""What the simplest methods reach where a number is predicted."""

import numpy as np
from sklearn.linear_model import Ridge

from sensorium.targets.judging import Features
from sensorium.targets.linear_features import LinearFeatures
from sensorium.targets.number.scale import Scale

STRENGTHS = (1.0, 10.0, 100.0, 1_000.0, 10_000.0)  # of the penalty


def ridge_regression(features: Features, scale: Scale) -> tuple[np.ndarray, np.ndarray]:
    """The numbers that ridge regression gives for test rows, and for the rows that its strength was chosen by.

    On the scale that the network learns on, too; its strength is the one with the least squared error on validation.

    Returns:
        Standardised numbers of test rows ``[rows]``, and what those of the others lack to the truth.
    """
    (x, numbers), (x_val, numbers_val) = features.train, features.val
    linear, wanted = LinearFeatures.of(x, 1), scale.standardised(numbers)
    judging, truth = (linear.prepare(x_val), numbers_val) if len(numbers_val) else (linear.train, numbers)
    models = [Ridge(strength).fit(linear.train, wanted) for strength in STRENGTHS]
    misses = [scale.standardised(truth) - model.predict(judging) for model in models]
    best = int(np.argmin([(miss**2).mean() for miss in misses]))
    return linear.predict(models[best].predict, features.test), misses[best]
