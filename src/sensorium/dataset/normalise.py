"""A source's table in one form, so that all sources look alike to later stages."""

from collections.abc import Iterable

import pandas as pd

from sensorium.spelling import is_missing, merged, spelled


def normalise(table: pd.DataFrame, names: Iterable[str]) -> pd.DataFrame:
    """Empty cells become null, cells of columns that hold names become text, and every column is of one type.

    Args:
        table: is changed.
        names: columns of ids and labels.
    """
    for name in names:
        cells = [None if is_missing(cell) else spelled(cell) or None for cell in table[name]]
        table[name] = pd.Series(cells, index=table.index, dtype=object)
    for column in table.select_dtypes("object").columns:
        cells = [None if is_missing(cell) else cell for cell in table[column]]
        if len({type(cell) for cell in cells if cell is not None}) > 1:  # Parquet columns are of one type
            cells = [cell if cell is None or isinstance(cell, str) else spelled(cell) for cell in cells]
        table[column] = pd.Series(cells, index=table.index, dtype=object)
    return table


def merged_spellings(table: pd.DataFrame, names: Iterable[str]) -> dict[str, dict[str, dict[str, int]]]:
    """Of the columns of names, the values that are spelled in several ways, each with the rows of every spelling."""
    found = {column: merged(table[column]) for column in dict.fromkeys(names)}
    return {column: values for column, values in found.items() if values}
