"""Rows that may count as independent: tests of drift are only right for such."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from sensorium.dataset.split import groups
from sensorium.monitoring.window import MARK

SEED = 0


def one_of_each(table: pd.DataFrame, units: np.ndarray, most: int) -> pd.DataFrame:
    """One row of every unit, chosen by chance, and at most so many.

    Args:
        table: the rows.
        units: a number ``[rows]``; rows of one unit are not independent.
        most: units.
    """
    shuffled = np.random.default_rng(SEED).permutation(len(table))
    _, first = np.unique(units[shuffled], return_index=True)
    chosen = shuffled[np.sort(first)][:most]
    return table.iloc[np.sort(chosen)].reset_index(drop=True)


def units_of(rows: pd.DataFrame, grouped_by: Sequence[str]) -> np.ndarray:
    """Which logged predictions belong together ``[rows]``.

    Those with an equal value of an input by which the training data was grouped, as params.yaml says under
    ``split.group``; and those that are the same in all inputs, such as a request that was sent again.

    Args:
        rows: with the marks of their inputs.
        grouped_by: the inputs.
    """
    marks = rows[[name for name in rows if str(name).startswith(f"{MARK}.")]]
    keyed = marks[[name for name in (f"{MARK}.{one}" for one in grouped_by) if name in marks]].copy()
    whole = marks.astype("string").fillna("").agg(" ".join, axis=1) if len(marks.columns) else pd.Series(dtype="string")
    keyed["whole"] = whole.where(whole.str.strip() != "", None)
    return groups(keyed.reset_index(drop=True), [str(name) for name in keyed])
