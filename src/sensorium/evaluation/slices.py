"""Parts of the rows that a person can name, and which of them are significantly worse than the rest."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
from scipy.stats import norm
from statsmodels.stats.multitest import multipletests

from sensorium.numerals import numbers_in
from sensorium.spelling import spelled
from sensorium.stats.enough import unjudged

MOST_VALUES = 30  # of a column that is sliced by value
QUANTILES = 4
FEWEST_ROWS = 20  # of a slice that says something


@dataclass(frozen=True)
class Slice:
    """Rows that have something in common.

    Attributes:
        column: what they have in common.
        value: which of it.
        rows: a mask ``[rows]``.
    """

    column: str
    value: str
    rows: np.ndarray


@dataclass(frozen=True)
class Verdict:
    """How a slice does.

    Attributes:
        score: the mean of its rows.
        rows: how many.
        p_value: of being no worse than the other rows, corrected for the number of slices.
        worse: whether it is worse, at the confidence asked for.
    """

    score: float
    rows: int
    p_value: float
    worse: bool


def slices(table: pd.DataFrame, groups: np.ndarray) -> list[Slice]:
    """The slices of every column: by value where there are few, by quartile of numbers where there are many.

    Args:
        table: columns to slice by.
        groups: a number ``[rows]``; slices of few groups are left out, as those of few rows.
    """
    found = [part for column in table for part in _slices_of(str(column), table[column])]
    return [
        part for part in found if FEWEST_ROWS <= part.rows.sum() < len(part.rows) and not unjudged(groups[part.rows])
    ]


def as_numbers(cells: pd.Series) -> pd.Series:
    """The same, as numbers where each cell that is not missing is one in letters: a .csv has nothing but letters."""
    known = cells.dropna()
    numbers = numbers_in(known)
    if pd.api.types.is_numeric_dtype(cells) or not numbers or len(numbers) < len(known):
        return cells
    return pd.Series(numbers, known.index).reindex(cells.index)


def _slices_of(column: str, cells: pd.Series) -> Iterable[Slice]:
    known = cells.dropna()
    if (names := _names(known)) is not None:
        named = pd.Series(names, index=known.index, dtype=object).reindex(cells.index)
        for value in sorted(set(names)):
            yield Slice(column, value, (named == value).to_numpy(bool))
    elif pd.api.types.is_numeric_dtype(cells):
        cells, known = cells.astype(float), known.astype(float)
        edges = np.unique(np.quantile(known, np.linspace(0, 1, QUANTILES + 1)))
        for (low, high), (first, last) in zip(pairwise(edges), pairwise(_shown(edges)), strict=True):
            above = cells >= low if low == edges[0] else cells > low
            yield Slice(column, f"{first} to {last}", (above & (cells <= high)).to_numpy(bool))


def _shown(values: Sequence[object] | np.ndarray) -> list[str]:
    """Numbers to three digits that mean something, if that tells them apart, but never as a power of ten."""
    short = [_rounded(value) if isinstance(value, float) else str(value) for value in values]
    return short if len(set(short)) == len(values) else [str(value) for value in values]


def _names(known: pd.Series) -> list[str] | None:
    """What each value is called; nothing if there are too many."""
    called: dict[object, str] = {}  # not by pandas, which takes texts for one that differ behind a NUL
    for cell in known:
        if cell not in called:
            called[cell] = spelled(cell)
            if len(set(called.values())) > MOST_VALUES:
                return None
    short = {cell: _rounded(cell) if isinstance(cell, float) else name for cell, name in called.items()}
    if len(set(short.values())) == len(set(called.values())):
        called = short
    return [called[cell] for cell in known]


def _rounded(number: float) -> str:
    return f"{number:.0f}" if abs(number) >= 1000 else f"{number:.3g}"


def verdicts(parts: list[Slice], scores: np.ndarray, groups: np.ndarray, confidence: float) -> list[Verdict]:
    """Which slices are worse than the rest.

    A score test of the difference in mean scores with the variance summed over groups (Boos 1992; rows of a group are
    not independent), one-sided, its p-values corrected by Holm's method for having looked at many slices. Where the
    rest is too little to be compared with, no slice is worse than it.

    Args:
        parts: the slices.
        scores: how right each row's prediction is ``[rows]``.
        groups: a number ``[rows]``.
        confidence: one less the chance that any slice is pointed out although none is worse.
    """
    if not parts:
        return []
    places = np.unique(groups, return_inverse=True)[1]
    surplus = scores - scores.mean()
    p_values = []
    for part in parts:
        score = (part.rows - part.rows.mean()) * surplus
        spread = np.sqrt((np.bincount(places, weights=score) ** 2).sum())
        testable = spread > 0 and not unjudged(groups[~part.rows])
        p_values.append(float(norm.cdf(score.sum() / spread)) if testable else 1.0)
    worse, corrected = multipletests(p_values, alpha=1 - confidence, method="holm")[:2]
    return [
        Verdict(float(scores[part.rows].mean()), int(part.rows.sum()), float(p), bool(is_worse))
        for part, p, is_worse in zip(parts, corrected, worse, strict=True)
    ]


def presence(items: Mapping[str, np.ndarray]) -> pd.Series:
    """Which inputs each row has, as ``text+image``; ``items`` hold -1 where the row lacks the input."""
    names = np.array(list(items), dtype=object)
    here = np.stack([found >= 0 for found in items.values()], axis=1)
    patterns, place = np.unique(here, axis=0, return_inverse=True)
    return pd.Series(["+".join(names[pattern]) for pattern in patterns]).iloc[place].reset_index(drop=True)
