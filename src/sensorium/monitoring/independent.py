"""Rows that may count as independent: tests of drift are only right for such."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.stats import binom

from sensorium.dataset.split import groups
from sensorium.monitoring.window import MARK

SEED = 0
RARE = 1e-4


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


def units_of(rows: pd.DataFrame, grouped_by: Sequence[str], largest: int) -> np.ndarray:
    """Which logged predictions belong together ``[rows]``.

    Those with an equal value of an input by which the training data was grouped, as params.yaml says under
    ``split.group``, unless the value is a stand-in; and those that are the same in all inputs, such as a request that
    was sent again.

    Args:
        rows: with the marks of their inputs.
        grouped_by: the inputs.
        largest: rows that a unit may have.
    """
    marks = rows[[name for name in rows if str(name).startswith(f"{MARK}.")]]
    columns = [name for name in (f"{MARK}.{one}" for one in grouped_by) if name in marks]
    keyed = pd.DataFrame({name: marks[name].mask(_stands_in(marks, name, largest)) for name in columns}, rows.index)
    whole = marks.astype("string").fillna("").agg(" ".join, axis=1) if len(marks.columns) else pd.Series(dtype="string")
    keyed["whole"] = whole.where(whole.str.strip() != "", None)
    return groups(keyed.reset_index(drop=True), [str(name) for name in keyed])


def most_rows(share: float, rows: int) -> int:
    """Rows that a unit has among so many, hardly ever more, where its share is known."""
    return int(binom.ppf(1 - RARE, rows, share))


def _stands_in(marks: pd.DataFrame, name: str, largest: int) -> pd.Series:
    """Which rows have a value that says nothing of what they are about: a default, the silence of a broken microphone.

    It comes with more different values of every other input than a unit has rows. Were it to bind them, a broken input
    would leave next to nothing to compare.
    """
    different = marks.drop(columns=name).groupby(marks[name]).nunique()
    fewest = different.where(different > 0).min(axis=1)  # of inputs that are there at all
    return marks[name].isin(fewest.index[fewest > largest])
