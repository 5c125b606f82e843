"""How much a column changed, from 0 to 1, and how a person says it."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import ks_2samp

from sensorium.modalities.modality import Comparative
from sensorium.monitoring.drift.cells import OTHER


@dataclass(frozen=True)
class Change:
    """What became of a column.

    Attributes:
        effect: from 0, the same, to 1, nothing in common.
        words: a clause, such as ``45% darker``.
    """

    effect: float
    words: str


NONE = Change(0.0, "")


def of_numbers(name: str, before: pd.Series, now: pd.Series, said: Comparative | None) -> Change:
    """The largest distance of the distributions (Kolmogorov and Smirnov), and how the medians differ."""
    first, second = before.dropna().to_numpy(np.float64), now.dropna().to_numpy(np.float64)
    if not len(first) or not len(second):
        return NONE
    middle, new = float(np.median(first)), float(np.median(second))
    if said and said.unit == "points":  # shares, whose medians are often 0 or 1
        middle, new = float(first.mean()), float(second.mean())
    return Change(float(ks_2samp(first, second).statistic), _difference(name, middle, new, said))


def of_categories(name: str, before: pd.Series, now: pd.Series) -> Change:
    """The total variation, and the category whose share changed most."""
    first, second = _shares(before), _shares(now)
    if first.empty or second.empty:
        return NONE
    both = pd.DataFrame({"before": first, "now": second}).fillna(0.0)
    moved = both["now"] - both["before"]
    most = str(moved.abs().idxmax())
    which = "a rarer one" if most == OTHER else most
    words = f"{name} is {which} in {both['now'][most]:.0%} (was {both['before'][most]:.0%})"
    return Change(float(moved.abs().sum() / 2), words)


def of_flags(before: pd.Series, now: pd.Series) -> Change:
    """The difference of the rates of presence."""
    if before.empty or now.empty:
        return NONE
    first, second = float(before.mean()), float(now.mean())
    return Change(abs(second - first), f"missing in {1 - second:.0%} of requests (was {1 - first:.0%})")


def shares(values: pd.Series) -> Mapping[str, float]:
    """The share of every value."""
    return {str(name): float(share) for name, share in _shares(values).items()}


def _shares(values: pd.Series) -> pd.Series:
    return values.dropna().astype(str).value_counts(normalize=True)


def _difference(name: str, before: float, now: float, said: Comparative | None) -> str:
    if number(before) == number(now):
        return f"{name} is distributed differently"
    if said is None:
        return f"{name} is {number(now)} (was {number(before)})"
    word = said.more if now > before else said.less
    if said.unit == "points":
        return f"{word} ({now:.0%}, was {before:.0%})"
    if said.unit != "%":
        return f"{abs(now - before):.2g} {said.unit} {word}"
    return f"{abs(now - before) / abs(before):.0%} {word}" if before else word


def number(value: float) -> str:
    """To three digits, or whole."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
