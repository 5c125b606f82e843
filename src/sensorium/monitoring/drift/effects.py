"""The size of the change of a column, from 0 to 1, and its description in words."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import ks_2samp

from sensorium.modalities.descriptors import Comparative
from sensorium.monitoring.drift.cells import OTHER


@dataclass(frozen=True)
class Change:
    """The change of a column.

    Attributes:
        effect: size of the change: 0 is none, 1 nothing in common.
        words: a clause, such as ``45% darker``.
    """

    effect: float
    words: str


NONE = Change(0.0, "")


def of_numbers(name: str, before: pd.Series, now: pd.Series, comparative: Comparative | None) -> Change:
    """The Kolmogorov-Smirnov distance of numbers, and how their medians differ."""
    first, second = before.dropna().to_numpy(np.float64), now.dropna().to_numpy(np.float64)
    if not len(first) or not len(second):
        return NONE
    old, new = float(np.median(first)), float(np.median(second))
    if comparative and comparative.unit == "points":  # fractions, whose medians are often 0 or 1
        old, new = float(first.mean()), float(second.mean())
    return Change(float(ks_2samp(first, second).statistic), _difference(name, old, new, comparative))


def of_categories(name: str, before: pd.Series, now: pd.Series) -> Change:
    """The total variation distance of categories, and the one whose frequency changed most.

    Args:
        name: what a sentence calls the column.
        before: its values in the reference.
        now: its values in the window.
    """
    first, second = _frequencies(before), _frequencies(now)
    if first.empty or second.empty:
        return NONE
    both = pd.DataFrame({"before": first, "now": second}).fillna(0.0)
    moved = both["now"] - both["before"]
    most = str(moved.abs().idxmax())
    which = "a rarer one" if most == OTHER else most
    words = f"{name} is {which} in {both['now'][most]:.0%} (was {both['before'][most]:.0%})"
    return Change(float(moved.abs().sum() / 2), words)


def of_flags(before: pd.Series, now: pd.Series) -> Change:
    """The difference of the rates at which an input is present."""
    if before.empty or now.empty:
        return NONE
    first, second = float(before.mean()), float(now.mean())
    return Change(abs(second - first), f"missing in {1 - second:.0%} of requests (was {1 - first:.0%})")


def frequencies(values: pd.Series) -> Mapping[str, float]:
    """The relative frequency of every value."""
    return {str(name): float(frequency) for name, frequency in _frequencies(values).items()}


def _frequencies(values: pd.Series) -> pd.Series:
    return values.dropna().astype(str).value_counts(normalize=True)


def _difference(name: str, before: float, now: float, comparative: Comparative | None) -> str:
    if number(before) == number(now):
        return f"{name} is distributed differently"
    if comparative is None:
        return f"{name} is {number(now)} (was {number(before)})"
    word = comparative.more if now > before else comparative.less
    if comparative.unit == "points":
        return f"{word} ({now:.0%}, was {before:.0%})"
    if comparative.unit != "%":
        return f"{abs(now - before):.2g} {comparative.unit} {word}"
    return f"{abs(now - before) / abs(before):.0%} {word}" if before else word


def number(value: float) -> str:
    """The number as text, with three significant digits or none after the point."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
