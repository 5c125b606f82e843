"""Compares two models on the same rows by paired bootstrap."""

import numpy as np

from sensorium.targets import Judged, Learnt


def compare(
    target: Learnt, challenger: Judged, champion: Judged, name: str, draws: int, seed: int = 0
) -> tuple[float | None, float | None, np.ndarray]:
    """A figure of two models on the same rows, by paired bootstrap.

    Args:
        target: what is predicted.
        challenger: the new model's predictions.
        champion: the old model's predictions of the same rows.
        name: of the figure.
        draws: how many; both are resampled alike.
        seed: of the draws.

    Returns:
        The figure of each, and what the new one gains in every draw where the figure is defined; better is more.
    """
    ours, theirs = (one.resample(draws, seed)[name] for one in (challenger, champion))
    gains = (theirs - ours) if name in target.lower_is_better else (ours - theirs)
    return challenger.figures()[name], champion.figures()[name], gains[~np.isnan(gains)]
