"""Numbers over time in the cells of a table or a request."""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sensorium.decoding.channels import GAPS
from sensorium.errors import BadInput
from sensorium.modalities.unique_keys import unique_keys

MOST_PARTS = 500_000  # of a JSON object that is looked at
SHOWN = 40  # characters of what is no number


def samples(column: str, cell: Any, most: int) -> np.ndarray:
    """The first numbers in a cell, float64, gaps as not-a-number.

    Args:
        column: to name.
        cell: a list, or its numbers as text, parted by commas, semicolons or blanks, in brackets or without.
        most: so many are read.

    Raises:
        BadInput: if it holds something else.
    """
    if isinstance(cell, str):
        cell = _parts(cell, most)
    if isinstance(cell, int | float):
        cell = [cell]
    if not isinstance(cell, list | tuple | np.ndarray):
        raise BadInput(f"column {column!r} holds {type(cell).__name__} where a list of numbers is expected")
    first = cell[:most]
    try:
        found = np.array(first, np.float64)
    except (ValueError, TypeError, OverflowError):  # gaps as text, or something else
        found = np.array([_number(column, place, one) for place, one in enumerate(first, 1)])
    if found.ndim != 1:
        raise BadInput(f"column {column!r} holds lists in a list; a column a channel is expected")
    return found


def as_lists(names: Sequence[str], value: np.ndarray) -> dict[str, list[float | None]]:
    """The samples of each channel of float32 that has any, a gap as nothing."""
    return {
        name: [None if np.isnan(one) else float(f"{one:.9g}") for one in channel]
        for name, channel in zip(names, value, strict=True)
        if not np.isnan(channel).all()
    }


def as_cells(names: Sequence[str], given: Mapping[str, Any]) -> dict[str, str]:
    """Those of these columns that a request gave, as a table holds them."""
    known = {name: given[name] for name in names if given.get(name) is not None}
    return {name: cell if isinstance(cell, str) else json.dumps(cell) for name, cell in known.items()}


def equally_long(found: Mapping[str, np.ndarray]) -> Mapping[str, np.ndarray]:
    """The same channels, by column.

    Raises:
        BadInput: if they are not.
    """
    lengths = {len(channel): column for column, channel in found.items()}
    if len(lengths) > 1:
        (one, first), (other, second), *_ = lengths.items()
        raise BadInput(
            f"the columns {first!r} and {second!r} hold {one:,} and {other:,} samples; channels of a series are "
            "equally long, with null where one has a gap"
        )
    return found


def columns(raw: Any, most: int) -> Mapping[str, Any]:
    """Cells by column, as JSON has them.

    Args:
        raw: an object, or its text.
        most: characters that are looked at.

    Raises:
        BadInput: if it is none, or has too many parts to be looked at.
    """
    if isinstance(raw, str | bytes):
        try:
            text = raw.decode() if isinstance(raw, bytes) else raw
            if len(text) > most:
                raise BadInput(f"the series has more than {most:,} characters; cut it, or write fewer digits")
            if text.count(",") > MOST_PARTS:
                raise BadInput(f"the series has more than {MOST_PARTS:,} samples; cut it")
            raw = json.loads(text, object_pairs_hook=unique_keys)
        except BadInput:
            raise
        except (ValueError, RecursionError) as error:
            raise BadInput("columns are expected as a JSON object of lists") from error
    if not isinstance(raw, dict):
        raise BadInput(f"columns are expected as an object of lists, not {type(raw).__name__}")
    return raw


def _parts(text: str, most: int) -> list[str]:
    bare = text.strip().removeprefix("[").removesuffix("]").strip()
    if ";" in bare:
        bare = bare.replace(";", ",")
    return bare.split("," if "," in bare else None, most)[:most] if bare else []


def _number(column: str, place: int, cell: Any) -> float:
    if cell is None or (isinstance(cell, str) and cell.strip().lower() in GAPS):
        return math.nan
    try:
        return float(cell)
    except OverflowError:  # a whole number of more digits than any float has
        return math.inf
    except (TypeError, ValueError) as error:
        raise BadInput(f"sample {place:,} of {column!r} is {_shown(cell)} where a number is expected") from error


def _shown(cell: Any) -> str:
    return repr(cell[:SHOWN]) if isinstance(cell, str) else type(cell).__name__
