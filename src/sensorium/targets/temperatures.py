"""Temperatures: what makes probabilities honest, whichever inputs a row has."""

from collections.abc import Callable, Sequence

import numpy as np
from scipy.optimize import minimize

from sensorium.targets.learning import CalibrationRows

SPREAD, SPREAD_OF_INPUT = 0.5, 0.25  # of logarithms of temperatures, before any row was seen
Surprise = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]


def fit_temperatures(
    calibration: Sequence[CalibrationRows],
    weight: float,
    known: Callable[[np.ndarray], np.ndarray],
    surprise: Surprise,
) -> np.ndarray:
    """The logarithm of the temperature with all inputs, and what the absence of each adds to it ``[1 + inputs]``.

    They have the least log loss (Guo et al. 2017, arXiv:1706.04599). A temperature a subset would be fitted to few
    rows each, so subsets share one number an input; and where rows are few all of them stay near no change: each is
    as likely beforehand as a normal number of spread `SPREAD` (of `SPREAD_OF_INPUT` for what an input adds).

    Args:
        calibration: rows with several subsets of their inputs.
        weight: of a row: below 1 where rows are not independent.
        known: see `Learning.known`.
        surprise: of scaled logits and the truth: the log loss of rows, and its slope by the logarithm of each row's
            temperature ``[rows]``.
    """
    every = np.concatenate([one.truth for one in calibration])
    kept = known(every)
    outputs, absent = (
        np.concatenate([getattr(one, name) for one in calibration])[kept] for name in ("outputs", "absent")
    )
    logits, truth = outputs.astype(np.float64), every[kept]
    design = np.concatenate([np.ones((kept.sum(), 1)), absent], axis=1)
    spread = np.array([SPREAD, *[SPREAD_OF_INPUT] * absent.shape[1]])

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        losses, slopes = surprise(logits / np.exp(design @ weights)[:, None], truth)
        unlikely = (weights**2 / (2 * spread**2)).sum()
        return weight * losses.sum() + unlikely, weight * (design.T @ slopes) + weights / spread**2

    return minimize(loss, np.zeros(design.shape[1]), jac=True, method="L-BFGS-B").x
