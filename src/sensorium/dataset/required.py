"""Says which key of params.yaml names a column that the data lacks."""

import re
from collections.abc import Iterable
from typing import Any

import pandas as pd

from sensorium import paths
from sensorium.errors import UserError
from sensorium.section import meant

MOST_NAMES, LONGEST = 20, 60  # columns that a sentence lists; letters of a name


def require_columns(table: pd.DataFrame, needed: Iterable[tuple[str, str]]) -> None:
    """Stops at a column that is not there.

    Args:
        table: as the source gives it.
        needed: keys of params.yaml, each with the column that it names.

    Raises:
        UserError: naming both.
    """
    for key, column in needed:
        if column not in table:
            raise UserError(
                f"{paths.PARAMS}: {key}: the data has no column {_short(repr(column))}"
                f"{meant(str(column), table.columns)}; it has {listed(table.columns)}."
            )


def listed(names: Iterable[Any]) -> str:
    """Names of columns in a sentence: in quotes where they are more than letters, digits and underscores."""
    shown = [name if re.fullmatch(r"\w+", name) else repr(name) for name in map(str, names)]
    more = f" and {len(shown) - MOST_NAMES:,} more" if len(shown) > MOST_NAMES else ""
    return ", ".join(map(_short, shown[:MOST_NAMES])) + more


def _short(name: str) -> str:
    return name if len(name) <= LONGEST else f"{name[:LONGEST]}..."
