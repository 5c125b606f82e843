"""How surprising classes are at a temperature."""

import numpy as np
from scipy.special import log_softmax


def of_classes(scaled: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Log loss of rows ``[rows]``, and its slope by the logarithm of each row's temperature.

    Args:
        scaled: logits, divided by the temperature ``[rows, classes]``.
        labels: class numbers ``[rows]``.
    """
    rows, logs = np.arange(len(labels)), log_softmax(scaled, axis=1)
    return -logs[rows, labels], scaled[rows, labels] - (np.exp(logs) * scaled).sum(1)
