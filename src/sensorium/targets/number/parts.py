"""Parts of numbers of equal size."""

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

PARTS = 5
DIGITS = (9, 17)  # of their ends; with the latter all numbers differ


def parts(values: "pd.Series") -> "pd.Series":
    """By name the fifth that each number belongs to, such as ``10 to 20``; null where there is none."""
    edges = np.unique(values.dropna().quantile(np.linspace(0, 1, PARTS + 1)))
    if len(edges) < 2:
        return values.map("{:g}".format, na_action="ignore").astype(object)
    written = ([f"{edge:.{digits}g}" for edge in edges] for digits in DIGITS)
    ends = next(names for names in written if len(set(names)) == len(edges))
    names = np.array([f"{low} to {high}" for low, high in pairwise(ends)], object)
    place = np.clip(np.searchsorted(edges, values.to_numpy(float), side="left") - 1, 0, len(names) - 1)
    return values.astype(object).where(values.isna(), names[place])
