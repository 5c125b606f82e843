"""Tables in files: read and written piece by piece, so that memory does not grow with their rows."""

import csv
import json
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from sensorium.errors import UserError, reason

GROUP = 16_384  # rows of a row group in Parquet, at least
LONGEST = 2**28  # characters of a cell; Python's own limit is less than a long text
HALF_A_SIGN = re.compile("[\ud800-\udfff]")  # what JSON can hold and no text file can
NAMELESS_INDEX = re.compile(r"__index_level_\d+__")  # pandas' own; it is no column of the table


@dataclass(frozen=True)
class Format:
    """How a sort of file is read and written.

    Attributes:
        read: the pieces of a file, of at most so many rows.
        write: pieces of one schema into a new file.
    """

    read: Callable[[Path, int], Iterator[pa.Table]]
    write: Callable[[Path, pa.Schema, Iterable[pa.Table]], None]


def format_of(path: Path) -> Format:
    """The format that a file's name ends with.

    Raises:
        UserError: if it is none.
    """
    if path.suffix.lower() not in FORMATS:
        raise UserError(f"{path} is no table; give a file whose name ends with {', '.join(FORMATS)}.")
    return FORMATS[path.suffix.lower()]


def read(path: Path, rows: int) -> Iterator[pa.Table]:
    """Pieces of a table, of at most so many rows, in their order.

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
            names = piece.column_names
            if twice := [name for name in names if names.count(name) > 1]:
                raise UserError(f"{path} has the column {twice[0]!r} twice; rename one.")
            if piece.num_rows:
                empty = False
                yield piece
    except UserError:
        raise
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not UTF-8 ({error.reason}, {error.object[error.start]:#x}); save it so.") from error
    except Exception as error:  # every reader has errors of its own
        raise UserError(f"{path} cannot be read: {reason(error)}.") from error
    if empty:
        raise UserError(f"{path} has no rows.")


def common(schemas: Iterable[pa.Schema]) -> pa.Schema:
    """The schema that all pieces fit into: their columns in the order of appearance, text where types differ."""
    found: dict[str, set[pa.DataType]] = {}
    for schema in schemas:
        for field in schema:
            found.setdefault(field.name, set()).add(field.type)
    return pa.schema([(name, _one_type(types)) for name, types in found.items()])


def fit(piece: pa.Table, schema: pa.Schema) -> pa.Table:
    """A piece in the common schema; columns that it lacks are null."""
    return pa.table([_cells(piece, field) for field in schema], schema=schema)


def _cells(piece: pa.Table, field: pa.Field) -> Any:
    place = piece.schema.get_field_index(field.name)
    if place < 0 or piece.column(place).type == pa.null():
        return pa.nulls(piece.num_rows, field.type)
    cells = piece.column(place)
    if cells.type != field.type and field.type == pa.string():
        return pa.array(_texts(cells.to_pylist()), pa.string())
    return cells.cast(field.type, safe=False)


def _one_type(types: set[pa.DataType]) -> pa.DataType:
    known = types - {pa.null()}
    if len(known) < 2:
        return next(iter(known), pa.null())
    return pa.float64() if known == {pa.int64(), pa.float64()} else pa.string()


def _texts(cells: Iterable[Any]) -> list[str | None]:
    return [None if cell is None else str(cell) for cell in cells]


def _in_pieces(items: Iterator[Any], size: int) -> Iterator[list[Any]]:
    while piece := list(islice(items, size)):
        yield piece


def _read_csv(path: Path, rows: int) -> Iterator[pa.Table]:
    csv.field_size_limit(LONGEST)
    with path.open(encoding="utf-8-sig", newline="") as stream:
        lines = _lines(path, csv.reader(stream, strict=True))
        header = next(lines, [])
        names = [name or f"Unnamed: {place}" for place, name in enumerate(header)]
        yield pa.table([pa.array([], pa.string())] * len(names), names)
        for piece in _in_pieces(lines, rows):
            yield pa.table([pa.array(column, pa.string()) for column in zip(*piece, strict=True)], names)


def _lines(path: Path, reader: Any) -> Iterator[list[str | None]]:
    """The header and, as wide as it, the rows; what is wrong with one is told with the line where it begins."""
    width, line = 0, 1
    try:
        for cells in reader:
            width = width or len(cells)
            if any(cells[width:]):
                raise UserError(f"{path} has more fields in line {line} than in its header; mend the commas.")
            if cells:  # an empty line is no row
                yield [*(cell or None for cell in cells[:width]), *[None] * (width - len(cells))]
            line = reader.line_num + 1
    except csv.Error as error:
        raise UserError(f"{path} cannot be read: the row in line {line}: {error}.") from error


def _read_jsonl(path: Path, rows: int) -> Iterator[pa.Table]:
    with path.open(encoding="utf-8-sig") as stream:
        objects = (_object(path, number, line) for number, line in enumerate(stream, 1) if line.strip())
        names: dict[str, None] = {}  # of all pieces so far: one without any would have no rows
        for piece in _in_pieces(objects, rows):
            names |= dict.fromkeys(chain.from_iterable(piece))
            if not names:
                raise UserError(f"{path} has no columns; its first lines are {{}}.")
            yield pa.table({name: _array([row.get(name) for row in piece]) for name in names})


def _object(path: Path, number: int, line: str) -> Mapping[str, Any]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path} cannot be read: line {number} is no JSON ({reason(error)}).") from error
    if not isinstance(row, dict):
        raise UserError(f"{path} cannot be read: line {number} is no JSON object of columns.")
    return row


def _array(cells: Iterable[Any]) -> pa.Array:
    """Cells of JSON as they are if they are of one type, else as text."""
    plain = [_plain(cell) for cell in cells]
    types = {type(cell) for cell in plain if cell is not None}
    if len(types) < 2 or types == {int, float}:
        with suppress(OverflowError, pa.ArrowInvalid):  # a number of more than 64 bits
            return pa.array(plain)
    return pa.array(_texts(plain), pa.string())


def _plain(cell: Any) -> Any:
    if isinstance(cell, list | dict):
        cell = json.dumps(cell, ensure_ascii=False)
    return HALF_A_SIGN.sub(" ", cell) if isinstance(cell, str) else cell


def _read_parquet(path: Path, rows: int) -> Iterator[pa.Table]:
    with pq.ParquetFile(path) as file:
        yield file.schema_arrow.empty_table()
        for batch in file.iter_batches(rows, use_threads=False):
            table = pa.table(batch).replace_schema_metadata(None)
            table.validate(full=True)  # a text may be no UTF-8
            yield table.select([name for name in table.column_names if not NAMELESS_INDEX.fullmatch(name)])


def _rows(pieces: Iterable[pa.Table]) -> Iterator[tuple[Any, ...]]:
    for piece in pieces:
        yield from zip(*(column.to_pylist() for column in piece.columns), strict=True)


def _write_csv(path: Path, schema: pa.Schema, pieces: Iterable[pa.Table]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(schema.names)
        writer.writerows(_rows(pieces))


def _write_jsonl(path: Path, schema: pa.Schema, pieces: Iterable[pa.Table]) -> None:
    with path.open("w", encoding="utf-8") as stream:
        for row in _rows(pieces):
            content = {name: _json(cell) for name, cell in zip(schema.names, row, strict=True)}
            stream.write(json.dumps(content, ensure_ascii=False, default=str) + "\n")


def _json(cell: Any) -> Any:
    """JSON has no word for numbers that are not finite."""
    return None if isinstance(cell, float) and not math.isfinite(cell) else cell


def _write_parquet(path: Path, schema: pa.Schema, pieces: Iterable[pa.Table]) -> None:
    with pq.ParquetWriter(path, schema) as writer:
        group: list[pa.Table] = []
        for piece in pieces:
            group.append(piece)
            if sum(one.num_rows for one in group) >= GROUP:
                writer.write_table(pa.concat_tables(group))
                group = []
        if group:
            writer.write_table(pa.concat_tables(group))


FORMATS: dict[str, Format] = {
    ".csv": Format(_read_csv, _write_csv),
    ".jsonl": Format(_read_jsonl, _write_jsonl),
    ".parquet": Format(_read_parquet, _write_parquet),
}
