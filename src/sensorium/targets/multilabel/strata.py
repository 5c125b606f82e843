"""Rows that are to be spread together, in the order of iterative stratification."""

import numpy as np

FEWEST = 7  # rows of a tag that makes a stratum; of fewer not every split could have some


def rarest(has: np.ndarray, fewest: int = FEWEST) -> np.ndarray:
    """For each row the place of the tag by which it is spread; the number of tags where it is none of them ``[rows]``.

    The rarest tag takes all its rows, then the rarest among the rows that are left, and so on (Sechidis, Tsoumakas and
    Vlahavas 2011): rows of common tags can still be chosen when those of rare ones are gone.

    Args:
        has: whether a row has a tag ``[rows, tags]``.
        fewest: rows that a tag must have.
    """
    rows, tags = has.shape
    found, left = np.full(rows, tags), has.astype(bool).copy()
    while True:
        counts = left.sum(0)
        possible = np.flatnonzero(counts >= fewest)
        if not len(possible):
            return found
        tag = int(possible[counts[possible].argmin()])
        taken = left[:, tag].copy()
        found[taken] = tag
        left[taken] = False
