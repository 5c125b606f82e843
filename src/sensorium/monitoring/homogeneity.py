"""Whether two samples may well be of one distribution: p-values that hold however small either of them is.

A training reference of a hundred rows is a sample too. Tests that take its shares for exact, as Evidently's own of
categories does, find drift in far too many samples that have none.
"""

from enum import StrEnum
from math import ceil

import numpy as np
import pandas as pd
from scipy.stats import ks_2samp

DRAWS_BEYOND = 20  # draws per smallest p-value that matters
FEWEST_DRAWS, MOST_DRAWS = 10_000, 200_000


class Kind(StrEnum):
    """What a column holds."""

    NUMBER = "number"
    CATEGORY = "category"
    FLAG = "flag"  # whether something was there


def of_numbers(reference: np.ndarray, current: np.ndarray) -> float:
    """The two-sample Kolmogorov-Smirnov test, exact up to 10,000 values a side (Hodges 1958).

    Where values are equal, as counts are, it errs to the side of finding nothing.

    Args:
        reference: numbers ``[values]``, none missing.
        current: the same ``[values]``.
    """
    return float(ks_2samp(reference, current).pvalue)


def of_classes(reference: np.ndarray, current: np.ndarray, bound: float) -> float:
    """The chi-squared test of homogeneity, its p-value by permutation of the rows.

    Counts of a class may be as small as they like: the permuted tables have the same margins, so that they are drawn
    as such (multivariate hypergeometric) instead of row by row. The p-value counts the observed table among the drawn
    (Phipson and Smyth 2010), so that it is never 0; the same counts give the same draws.

    Args:
        reference: names of classes ``[values]``, none missing.
        current: the same ``[values]``.
        bound: the p-value that matters, at least 1e-5; there are enough draws to fall below it.
    """
    names, numbers = np.unique(np.concatenate([reference, current]), return_inverse=True)
    counts = np.bincount(numbers, minlength=len(names))
    observed = np.bincount(numbers[: len(reference)], minlength=len(names))
    draws = min(max(FEWEST_DRAWS, ceil(DRAWS_BEYOND / bound)), MOST_DRAWS)
    random = np.random.default_rng([len(reference), *counts])
    drawn = random.multivariate_hypergeometric(counts, len(reference), size=draws, method="marginals")
    expected = counts * (len(reference) / counts.sum())

    def distance(tables: np.ndarray) -> np.ndarray:
        """Chi-squared, but for a factor that all tables of these margins share."""
        return ((tables - expected) ** 2 / counts).sum(axis=-1)

    # A table as far as the observed one must count as such in spite of rounding.
    as_far = (distance(drawn) >= distance(observed) * (1 - 1e-9)).sum()
    return float((1 + as_far) / (1 + draws))


def most_common(reference: pd.Series, current: pd.Series, most: int, other: str) -> tuple[pd.Series, pd.Series]:
    """Both with the rarest classes of the two together put into one, which takes nothing from the test's validity.

    Args:
        reference: names of classes ``[rows]``, some missing.
        current: the same ``[rows]``.
        most: classes that are kept.
        other: the name of all others.
    """
    counts = pd.concat([reference, current]).value_counts().sort_index().sort_values(ascending=False, kind="stable")
    if len(counts) <= most:
        return reference, current
    kept = counts.index[:most]
    return tuple(side.where(side.isin(kept) | side.isna(), other) for side in (reference, current))  # type: ignore[return-value]
