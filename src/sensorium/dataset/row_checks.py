"""What is wrong with the cells of every row, as columns that the suite of expectations is checked on."""

from collections.abc import Collection, Mapping, Sequence

import numpy as np
import pandas as pd

from sensorium.dataset import validation
from sensorium.dataset.columns import ID
from sensorium.dataset.problems import InputChecks, Problem
from sensorium.targets import Target


def check_rows(
    ids: pd.Series,
    found: Sequence[InputChecks],
    inputs: Collection[str],
    labels: pd.DataFrame,
    targets: Mapping[str, Target],
    cells_cost_rows: bool,
    enough: int,
) -> pd.DataFrame:
    """What a row has and what is wrong with it, in columns that are all our own.

    Args:
        ids: of all rows.
        found: what `read_inputs` did, a row each.
        inputs: by name.
        labels: of all rows, a column a target.
        targets: as declared.
        cells_cost_rows: whether a row with one bad cell is not used at all.
        enough: rows that a class must have.
    """
    numbers = pd.Series(range(1, len(ids) + 1))
    first = numbers.groupby(ids).transform("first")
    columns = pd.DataFrame({ID: ids, validation.EARLIER: first.where(first != numbers)})
    for name in inputs:
        problems = [here.sentence if isinstance(here := one[name], Problem) else None for one in found]
        columns[validation.PROBLEM.format(name)] = pd.Series(problems, dtype=object)
    columns[validation.INPUTS_USABLE] = [sum(here is True for here in one.values()) for one in found]
    usable = _usable(columns, inputs if cells_cost_rows else ())
    columns[validation.LABELS_USABLE] = 0
    for name, target in targets.items():
        columns[name] = labels[name]
        problems = [one.advised if one else None for one in target.problems(columns[name], usable, enough)]
        columns[validation.PROBLEM.format(name)] = pd.Series(problems, dtype=object)
        columns[validation.LABELS_USABLE] += columns[name].notna() & columns[validation.PROBLEM.format(name)].isna()
    return columns


def _usable(columns: pd.DataFrame, strict: Collection[str]) -> np.ndarray:
    """Whether a row could be used if it had a label ``[rows]``; none may have a bad cell of the strict inputs."""
    usable = (columns[validation.INPUTS_USABLE] > 0) & columns[validation.EARLIER].isna() & columns[ID].notna()
    usable &= columns[[validation.PROBLEM.format(name) for name in strict]].isna().all(axis=1)
    return usable.to_numpy()
