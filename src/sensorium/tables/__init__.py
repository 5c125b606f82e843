"""Tables in files: read and written piece by piece, so that memory does not grow with their rows.

Readers keep what the file says. What no column can hold, or what would become something else, is refused with its line
(or row) and column: it is not for a reader to decide. Adding a format is adding a file and naming it here.
"""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from sensorium.errors import UserError, reason
from sensorium.tables import csv, jsonl, parquet
from sensorium.tables.format import Format

FORMATS: dict[str, Format] = {
    ".csv": Format(csv.read, csv.write),
    ".jsonl": Format(jsonl.read, jsonl.write),
    ".parquet": Format(parquet.read, parquet.write),
}


def format_of(path: Path) -> Format:
    """The format that a file's name ends with.

    Raises:
        UserError: if it is none.
    """
    if path.suffix.lower() not in FORMATS:
        raise UserError(f"{path} is no table; give a file whose name ends with {', '.join(FORMATS)}.")
    return FORMATS[path.suffix.lower()]


def read(path: Path, rows: int) -> Iterator[pa.Table]:
    """Pieces of a table, of at most so many rows and of one schema, in their order.

    Cells are what the file says: those of a .csv are text, whole numbers stay whole, and an empty cell is null.

    Raises:
        UserError: if there is no such table, it cannot be read, has no rows, or two columns of one name.
    """
    file = format_of(path)
    if not path.is_file():
        raise UserError(f"{path} is no file." if path.exists() else f"{path} does not exist.")
    empty = True
    try:
        for piece in file.read(path, rows):
            _require_names(path, piece.column_names)
            if piece.num_rows:
                empty = False
                yield piece
    except UserError:
        raise
    except UnicodeDecodeError as error:
        raise UserError(
            f"{path} is not UTF-8 (line {_line_of(path)}: {error.reason}, {error.object[error.start]:#x}); save it so."
        ) from error
    except Exception as error:  # every reader has errors of its own
        raise UserError(f"{path} cannot be read: {reason(error)}.") from error
    if empty:
        raise UserError(f"{path} has no rows.")


def _require_names(path: Path, names: list[str]) -> None:
    if twice := [name for name in names if names.count(name) > 1]:
        raise UserError(f"{path} has the column {twice[0]!r} twice; rename one.")
    if odd := [name for name in names if "\0" in name]:
        raise UserError(f"{path} has a column {odd[0]!r}, as of a table that is no UTF-8; save it so.")


def _line_of(path: Path) -> int:
    """The first line that is not UTF-8."""
    with path.open("rb") as stream:
        for number, line in enumerate(stream, 1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError:
                return number
    return number  # cut off within a sign
