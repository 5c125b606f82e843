"""Prepares the cells of a column for tests and pages."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from sensorium.stats.statistics import Kind

MOST_CLASSES, OTHER = 30, "(others)"
LONGEST = 60  # letters of a class's name

Sides = tuple[pd.Series, pd.Series]


def read_sides(reference: pd.Series, current: pd.Series, kind: Kind, worded: Callable[[Any], str] = str) -> Sides:
    """The reference and the current cells of a column as finite numbers, flags or names; all else is missing.

    Args:
        reference: the cells before.
        current: the cells now.
        kind: of the column.
        worded: a name, as a person reads it.
    """
    before, now = reference.reset_index(drop=True), current.reset_index(drop=True)
    if kind is Kind.NUMBER:
        return _finite(before), _finite(now)
    if kind is Kind.FLAG:
        return before.eq(True), now.eq(True)
    return _commonest(_names(before, worded), _names(now, worded))


def _commonest(reference: pd.Series, current: pd.Series) -> Sides:
    """Both sides with their rarest classes merged into one; a test stays valid, since both are merged alike."""
    counts = pd.concat([reference, current]).value_counts().sort_index().sort_values(ascending=False, kind="stable")
    if len(counts) <= MOST_CLASSES:
        return reference, current
    kept = counts.index[:MOST_CLASSES]
    before, now = (side.where(side.isin(kept) | side.isna(), OTHER) for side in (reference, current))
    return before, now


def _finite(cells: pd.Series) -> pd.Series:
    numbers = cells.astype(np.float64)
    return numbers.where(np.isfinite(numbers))


def _names(cells: pd.Series, worded: Callable[[Any], str]) -> pd.Series:
    """Names of classes that may come from requests: Evidently writes them into a page's script as they are."""
    return cells.map(lambda name: worded(name)[:LONGEST].replace("<", "\u2039"), na_action="ignore").astype(object)
