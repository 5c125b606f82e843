"""CSV: every cell is text, and an empty one is null."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from sensorium.errors import UserError
from sensorium.tables.format import cells_of, in_pieces

LONGEST = 2**28  # characters of a cell; Python's own limit is less than a long text
PARTING = {";": "semicolons", "\t": "tabs", "|": "bars"}  # what other programs write where a comma is meant


def read(path: Path, rows: int) -> Iterator[pa.Table]:
    """The pieces of a file; see `Format`.

    One column may lack a name, as the index that pandas writes does. Several, as commas behind the last column make
    them, are no columns and may hold nothing.
    """
    csv.field_size_limit(LONGEST)
    with path.open(encoding="utf-8-sig", newline="") as stream:
        lines = _lines(path, csv.reader(stream, strict=True))
        header = next(lines, [])
        nameless = _nameless(header)
        kept = [place for place in range(len(header)) if place not in nameless]
        names = [header[place] or "" for place in kept]
        yield pa.table([pa.array([], pa.string())] * len(names), names)
        for piece in in_pieces(lines, rows):
            columns = list(zip(*piece, strict=True))
            yield pa.table([pa.array(columns[place], pa.string()) for place in kept], names)


def _parted(path: Path, header: list[str]) -> list[str]:
    """The header, unless commas part nothing in it and something else does."""
    if len(header) == 1 and (sign := next((sign for sign in PARTING if sign in header[0]), None)):
        raise UserError(f"{path}: its columns are parted by {PARTING[sign]}, not by commas; save it with commas.")
    return header


def _nameless(header: Sequence[str | None]) -> list[int]:
    """Places of fields that are no columns."""
    found = [place for place, name in enumerate(header) if not name]
    return found if len(found) > 1 else []


def _lines(path: Path, reader: Any) -> Iterator[list[str | None]]:
    """The header and, as wide as it, the rows; what is wrong with one is told with the line where it begins."""
    header: list[str] = []
    line = 1
    try:
        for cells in reader:
            header = header or _parted(path, cells)
            if problem := _problem(cells, header):
                raise UserError(f"{path}, line {line}: {problem}.")
            if cells:  # an empty line is no row
                yield [cell or None for cell in cells[: len(header)]]
            line = reader.line_num + 1
    except csv.Error as error:
        raise UserError(f"{path} cannot be read: the row in line {line}: {error}.") from error


def _problem(cells: list[str], header: list[str]) -> str:
    """Why a row cannot be read as it is meant, if so."""
    width = len(header)
    if any(cells[width:]):
        return f"{len(cells)} fields are more than the {width} of the header; mend the commas"
    if cells and len(cells) < width:  # a line break without quotes parts a row in two
        return f"{len(cells)} of {width} fields are there; mend the commas, or put cells with line breaks in quotes"
    if cells and (held := [place for place in _nameless(header) if cells[place]]):
        return f"column {held[0] + 1} holds {cells[held[0]]!r} and has no name in the header; name it"
    return ""


def write(path: Path, schema: pa.Schema, pieces: Iterable[pa.Table]) -> None:
    """Writes a file; see `Format`."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(schema.names)
        writer.writerows(cells_of(pieces))
