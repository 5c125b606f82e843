"""How surprising classes are at a temperature."""

import numpy as np
from scipy.special import log_softmax


def of_classes(
    scaled: np.ndarray, labels: np.ndarray, shifts: np.ndarray | float = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    """Log loss of rows ``[rows]``, and its slope by the logarithm of each row's temperature.

    Args:
        scaled: logits, divided by the temperature ``[rows, classes]``.
        labels: class numbers ``[rows]``.
        shifts: what is added to scaled logits ``[classes]``.
    """
    rows, logs = np.arange(len(labels)), log_softmax(scaled + shifts, axis=1)
    return -logs[rows, labels], scaled[rows, labels] - (np.exp(logs) * scaled).sum(1)
