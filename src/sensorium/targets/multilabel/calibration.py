"""From which probability a tag is said, and how surprising tags are at a temperature."""

import numpy as np
from scipy.special import expit

CANDIDATES = np.linspace(0.05, 0.95, 19)
SHRINKAGE = 20  # rows with a tag that count as much as all tags together


def of_tags(scaled: np.ndarray, truth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Log loss of rows ``[rows]``, and its slope by the logarithm of each row's temperature.

    Args:
        scaled: logits, divided by the temperature ``[rows, tags]``.
        truth: ``[rows, tags]``.
    """
    losses = np.logaddexp(0, scaled) - truth * scaled
    return losses.sum(1), ((truth - expit(scaled)) * scaled).sum(1)


def fit_thresholds(probabilities: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """The threshold of each tag ``[tags]``: the one of highest F1, drawn to that of all tags where its rows are few.

    A tag of few rows has a best threshold by chance: it counts by its rows, that of all tags as much as `SHRINKAGE`.

    Args:
        probabilities: of rows that the network was not fitted to ``[rows, tags]``.
        truth: ``[rows, tags]``.
    """
    wanted = truth > 0
    decided = probabilities[None] >= CANDIDATES[:, None, None]
    both, sizes = (decided & wanted).sum(1), decided.sum(1) + wanted.sum(0)  # [candidates, tags]
    together = _best(2 * both.sum(1) / np.maximum(sizes.sum(1), 1))
    own = _best(2 * both / np.maximum(sizes, 1))
    rows = wanted.sum(0)
    return (rows * own + SHRINKAGE * together) / (rows + SHRINKAGE)


def _best(scores: np.ndarray) -> np.ndarray:
    """The candidate of the highest score, of several equal ones the middle."""
    highest = scores >= scores.max(0) - 1e-12
    weights = CANDIDATES.reshape(-1, *[1] * (scores.ndim - 1))
    return (highest * weights).sum(0) / highest.sum(0)
