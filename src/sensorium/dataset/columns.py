"""Names of columns in tables of our own, where those of the user's table stand beside them.

Names of inputs and targets are letters, digits and underscores. A column of the user's may be called anything; in our
tables it is called ``column.NAME``, so that none is ever taken for one of ours.
"""

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # params.yaml is checked without
    import pandas as pd

ID, SPLIT, GROUP = "id", "split", "group"
SPLITS = TRAIN, VAL, TEST = "train", "val", "test"
ORIGIN = "row.origin"  # the source that a row is of, or feedback
OWN = (ID, SPLIT, GROUP)  # of data/prepared/rows.parquet, beside inputs and targets, which cannot be called so
COLUMN = "column."
PRESENCE = "inputs"  # what slices by the inputs that a row has are called
OF_ROWS = (PRESENCE, "origin")  # what rows are sliced by, beside columns, targets and descriptors of inputs


def apart(table: "pd.DataFrame", without: Collection[str] = ()) -> "pd.DataFrame":
    """The user's columns under names that are none of ours, without some."""
    return table[[name for name in table if name not in without]].add_prefix(COLUMN)


def carried(table: "pd.DataFrame") -> "dict[str, pd.Series]":
    """The user's columns in a table of ours, under their own names."""
    return {name.removeprefix(COLUMN): table[name] for name in map(str, table) if name.startswith(COLUMN)}


def slice_name(column: str, inputs: Collection[str], targets: Iterable[str]) -> str:
    """What slices by a column of the user's are called: as the column, unless something else is called so.

    Args:
        column: its name.
        inputs: by name; descriptors of theirs are called ``INPUT.DESCRIPTOR``.
        targets: by name.
    """
    taken = column in (*OF_ROWS, *targets) or column.split(".")[0] in inputs or column.startswith(COLUMN)
    return f"{COLUMN}{column}" if taken else column
