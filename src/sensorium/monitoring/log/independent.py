"""Keeps rows that may count as independent, which the tests of drift assume."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from scipy.stats import binom

from sensorium.dataset.split import groups
from sensorium.monitoring import names

SEED = 0
RARE = 0.01  # chance that a unit has more different values than `values_per_unit` says


def one_per_unit(table: pd.DataFrame, units: np.ndarray, most: int) -> pd.DataFrame:
    """One random row of every unit.

    Args:
        table: the rows.
        units: a number ``[rows]``; rows of one unit are not independent.
        most: units that are kept, at random.
    """
    shuffled = np.random.default_rng(SEED).permutation(len(table))
    _, first = np.unique(units[shuffled], return_index=True)
    chosen = shuffled[np.sort(first)][:most]
    return table.iloc[np.sort(chosen)].reset_index(drop=True)


def units_of(rows: pd.DataFrame, grouped_by: Sequence[str], most: Mapping[str, int]) -> np.ndarray:
    """The unit ``[rows]`` that every logged prediction belongs to.

    Predictions are of one unit if an input by which the training data was grouped (``split.group`` in params.yaml) has
    the same value, unless that is a placeholder; and if all inputs are the same, as of a request that was sent again.

    Args:
        rows: with the hashes of their inputs.
        grouped_by: the inputs.
        most: different values of every input that a unit may have, by `values_per_unit`.
    """
    hashes = rows[names.value_hashes(rows)]
    columns = [column for column in map(names.value_hash, grouped_by) if column in hashes]
    keyed = pd.DataFrame({name: hashes[name].mask(_is_placeholder(hashes, name, most)) for name in columns}, rows.index)
    all_inputs = (
        hashes.astype("string").fillna("").agg(" ".join, axis=1) if len(hashes.columns) else pd.Series(dtype="string")
    )
    keyed["all_inputs"] = all_inputs.where(all_inputs.str.strip() != "", None)
    return groups(keyed.reset_index(drop=True), [str(name) for name in keyed])


def values_per_unit(reference: pd.DataFrame, inputs: Sequence[str], rows: int) -> dict[str, int]:
    """How many different values of every input one unit may have among so many rows, judged by the reference.

    Args:
        reference: all its rows, with their units.
        inputs: their names.
        rows: how many rows there are.
    """
    most = {}
    for name in inputs:
        present = reference[reference[names.present(name)]]
        values = present.groupby(
            names.of_input(name, present), dropna=False
        ).ngroup()  # equal values have equal descriptors
        largest = values.groupby(present[names.UNIT]).nunique().max() / len(reference) if len(present) else 0.0
        most[name] = int(binom.ppf(1 - RARE, rows, largest))
    return most


def _is_placeholder(hashes: pd.DataFrame, column: str, most: Mapping[str, int]) -> pd.Series:
    """Which rows have a placeholder for a value: a default, or the silence of a broken microphone.

    A placeholder occurs with more different values of every other input than a unit has. If it made its rows one unit,
    a broken input would leave next to nothing to compare.
    """
    others = {names.value_hash(name): number for name, number in most.items()}
    others = {other: number for other, number in others.items() if other in hashes and other != column}
    different = hashes[list(others)].groupby(hashes[column]).nunique()
    there = different > 0
    many = different > list(others.values())
    placeholders = (many | ~there).all(axis=1) & there.any(axis=1)
    return hashes[column].isin(placeholders.index[placeholders])
