"""Rows that may count as independent: tests of drift are only right for such."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from scipy.stats import binom

from sensorium.dataset.split import groups
from sensorium.monitoring import names

SEED = 0
RARE = 0.01


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


def units_of(rows: pd.DataFrame, grouped_by: Sequence[str], most: Mapping[str, int]) -> np.ndarray:
    """Which logged predictions belong together ``[rows]``.

    Those with an equal value of an input by which the training data was grouped, as params.yaml says under
    ``split.group``, unless the value is a stand-in; and those that are the same in all inputs, such as a request that
    was sent again.

    Args:
        rows: with the marks of their inputs.
        grouped_by: the inputs.
        most: different values of every input that a unit may have.
    """
    marks = rows[names.marks(rows)]
    columns = [column for column in map(names.mark, grouped_by) if column in marks]
    keyed = pd.DataFrame({name: marks[name].mask(_stands_in(marks, name, most)) for name in columns}, rows.index)
    whole = marks.astype("string").fillna("").agg(" ".join, axis=1) if len(marks.columns) else pd.Series(dtype="string")
    keyed["whole"] = whole.where(whole.str.strip() != "", None)
    return groups(keyed.reset_index(drop=True), [str(name) for name in keyed])


def most_values(reference: pd.DataFrame, inputs: Sequence[str], rows: int) -> dict[str, int]:
    """Different values of every input that a unit has among so many rows, hardly ever more, as the reference's units.

    Args:
        reference: all its rows, with their units.
        inputs: by name.
        rows: how many.
    """
    most = {}
    for name in inputs:
        present = reference[reference[names.present(name)]]
        values = present.groupby(names.of_input(name, present), dropna=False).ngroup()  # equal values are told alike
        share = values.groupby(present[names.UNIT]).nunique().max() / len(reference) if len(present) else 0.0
        most[name] = int(binom.ppf(1 - RARE, rows, share))
    return most


def _stands_in(marks: pd.DataFrame, column: str, most: Mapping[str, int]) -> pd.Series:
    """Which rows have a value that says nothing of what they are about: a default, the silence of a broken microphone.

    It comes with more different values of every other input than a unit has. Were it to bind them, a broken input would
    leave next to nothing to compare.
    """
    others = {names.mark(name): number for name, number in most.items()}
    others = {other: number for other, number in others.items() if other in marks and other != column}
    different = marks[list(others)].groupby(marks[column]).nunique()
    there = different > 0
    many = different > list(others.values())
    stands_in = (many | ~there).all(axis=1) & there.any(axis=1)
    return marks[column].isin(stands_in.index[stands_in])
