"""How sure a figure is. Every interval comes from here, so what cannot be judged has none, whichever figure it is."""

from collections.abc import Collection, Mapping

import numpy as np
from scipy.stats import norm, t
from statsmodels.stats.proportion import proportion_confint

from sensorium.stats.bootstrap import Samples, means
from sensorium.stats.enough import unjudged

Interval = list[float]


def interval(samples: np.ndarray, groups: np.ndarray, confidence: float) -> Interval | None:
    """The percentile interval of a figure's draws; ``None`` where nothing can be said.

    Percentiles are too narrow where groups are few, so they are taken further out, as far as Student's t is from the
    normal (Hesterberg 2015, arXiv:1411.5279, "expanded percentile").

    Args:
        samples: the figure in every draw, not-a-number where it has none.
        groups: of the rows that it is about, a number ``[rows]``.
        confidence: of the interval.
    """
    defined = samples[~np.isnan(samples)]
    if not len(defined) or unjudged(groups):
        return None
    tail = expanded((1 - confidence) / 2, groups)
    return [float(q) for q in np.quantile(defined, [tail, 1 - tail])]


def expanded(tail: float, groups: np.ndarray) -> float:
    """The share of draws to leave out below, so that as few groups as these are left out that often."""
    count = len(np.unique(groups))
    return float(norm.cdf(-np.sqrt(count / (count - 1)) * t.isf(tail, count - 1)))


def share_interval(samples: np.ndarray, groups: np.ndarray, confidence: float) -> Interval | None:
    """`interval` of a figure from 0 to 1; where all draws are alike, as where all rows are right, they say nothing.

    There the interval is Wilson's (1927) for as many rows as there are groups: eight right of eight are no certainty.
    """
    bounds = interval(samples, groups, confidence)
    if bounds and np.ptp(bounds) < 1e-9:
        count = len(np.unique(groups))
        low, high = proportion_confint(bounds[0] * count, count, 1 - confidence, method="wilson")
        return [float(low), float(high)]
    return bounds


def intervals(
    figures: Mapping[str, float | None],
    samples: Samples,
    groups: np.ndarray,
    labels: np.ndarray,
    confidence: float,
    unbounded: Collection[str],
) -> Mapping[str, Interval | None]:
    """The interval of every figure of the same rows.

    Args:
        figures: of the rows themselves.
        samples: the figures in every draw.
        groups: a number ``[rows]``.
        labels: what is true of each row ``[rows]``.
        confidence: of the intervals.
        unbounded: figures that are no shares.
    """
    if unjudged(groups, labels):
        return dict.fromkeys(samples)
    found: dict[str, Interval | None] = {}
    for name, values in samples.items():
        share = name not in unbounded
        bounds = (share_interval if share else interval)(values, groups, confidence)
        found[name] = bounds and _unbiased(bounds, figures[name], values, share)
    return found


def _unbiased(bounds: Interval, figure: float | None, samples: np.ndarray, share: bool) -> Interval:
    """An interval that its own figure lies outside of, moved by what resampling is off by.

    Means over classes are lower in resamples, where classes of a row or two are missing or come out doubled; the mean
    difference estimates that (Efron and Tibshirani 1993, chapter 10).
    """
    if figure is None or bounds[0] <= figure <= bounds[1]:
        return bounds
    moved = np.array(bounds) + figure - np.nanmean(samples)
    return [float(end) for end in (np.clip(moved, 0, 1) if share else moved)]


def unseen(rows: int, confidence: float) -> float:
    """The share of rows that may change though none of so many did: Wilson's bound."""
    return float(proportion_confint(0, rows, 1 - confidence, method="wilson")[1])


def paired(
    groups: np.ndarray, gains: np.ndarray, draws: int, confidence: float, least: float
) -> tuple[float, Interval | None]:
    """The mean of what each row gains, and its interval.

    Args:
        groups: a number ``[rows]``.
        gains: by row ``[rows]``; of two answers, 1 where only the first is right and -1 where only the second is.
        draws: of the bootstrap.
        confidence: of the interval.
        least: how far the interval reaches to either side at the least. Rows without a change are resampled to no
            change, however few they are, so `unseen` belongs here unless it is known that nothing can change.
    """
    gain = float(gains.mean())
    drawn = means(groups, gains[:, None], np.ones((len(gains), 1)), draws)[:, 0]
    bounds = interval(drawn, groups, confidence)
    if bounds and np.ptp(bounds) < 2 * least:
        return gain, [min(bounds[0], gain - least), max(bounds[1], gain + least)]
    return gain, bounds
