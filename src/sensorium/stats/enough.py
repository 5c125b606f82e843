"""Where rows are too few, or too much alike, to conclude anything."""

import numpy as np

FEWEST = 5  # groups


def unjudged(groups: np.ndarray, labels: np.ndarray | None = None) -> str:
    """Why nothing can be concluded from these rows, such as ``one group of 45 rows``; empty if something can.

    What counts is groups, since rows of a group are not independent. One group resampled is itself every time; of n
    there are only as many different resamples as ways to draw n of n, 35 of four and 126 of five, and a 95% interval
    of four holds the truth four times in five (Cameron, Gelbach and Miller 2008 on few clusters). Rows of one label
    cannot tell a model from one that always says it.

    Args:
        groups: a number ``[rows]``.
        labels: of each ``[rows]`` or ``[rows, tags]``, where it matters that they differ.
    """
    rows, count = len(groups), len(np.unique(groups))
    if count < FEWEST:
        alone = "one row" if rows == 1 else f"{rows} rows" if rows else "no rows"
        if count == rows:
            return alone
        return f"one group of {alone}" if count == 1 else f"{count} groups of {alone}"
    if labels is not None and len(np.unique(labels, axis=0)) < 2:
        return f"one label in {rows:,} rows"
    return ""
