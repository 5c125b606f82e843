"""Temperature: one number a target that makes confidence honest."""

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

LARGEST = 20.0


def fit_temperature(logits: np.ndarray, labels: np.ndarray) -> float:
    """The divisor of logits ``[rows, classes]`` with the least log loss (Guo et al. 2017, arXiv:1706.04599).

    Args:
        logits: of rows that the network was not fitted to.
        labels: class numbers ``[rows]``; -1 where it is not known. Without any known label the divisor is 1.
    """
    known = labels >= 0
    if not known.any():
        return 1.0
    kept, right = logits[known].astype(np.float64), labels[known]

    def loss(exponent: float) -> float:
        return -float(log_softmax(kept / np.exp(exponent), axis=1)[np.arange(len(right)), right].mean())

    bound = np.log(LARGEST)
    return float(np.exp(minimize_scalar(loss, bounds=(-bound, bound), method="bounded").x))
