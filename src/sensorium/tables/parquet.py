"""Parquet: columns have types; what is made of several values stands as JSON, so that all formats look alike."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from sensorium.errors import UserError, reason
from sensorium.spelling import spelled

GROUP = 16_384  # rows of a row group, at least
TEXTS = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)
UUID = "arrow.uuid"


def read(path: Path, rows: int) -> Iterator[pa.Table]:
    """The pieces of a file; see `Format`."""
    with pq.ParquetFile(path) as file:
        yield file.schema_arrow.empty_table()  # whose names may be wrong
        first = 1
        for batch in file.iter_batches(rows, use_threads=False):
            table = pa.table(batch).replace_schema_metadata(None)
            named = zip(table.column_names, table.columns, strict=True)
            columns = [_cells(path, first, name, cells) for name, cells in named]
            yield pa.table(columns, table.column_names)
            first += len(batch)


def _cells(path: Path, first: int, name: str, cells: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column as the pipeline reads it: of plain values.

    Args:
        path: to name.
        first: number of the first row, to name.
        name: to name.
        cells: as the file has them.
    """
    if pa.types.is_dictionary(cells.type):
        cells = cells.cast(cells.type.value_type)
    if isinstance(cells.type, pa.BaseExtensionType):
        if cells.type.extension_name != UUID:
            raise UserError(f"{path}: column {name!r} is of the type {cells.type.extension_name}; write it as text.")
        return pa.chunked_array([[cell and str(cell) for cell in cells.to_pylist()]], pa.string())
    if any(is_text(cells.type) for is_text in TEXTS):
        _require_text(path, first, name, cells)
        return cells.cast(pa.string())
    if pa.types.is_nested(cells.type):
        try:
            return pa.chunked_array([[_json(cell) for cell in cells.to_pylist()]], pa.string())
        except ValueError as error:  # two fields of one name
            raise UserError(f"{path} cannot be read: column {name!r}: {reason(error)}.") from error
    return cells


def _json(cell: object) -> str | None:
    return None if cell is None else json.dumps(cell, ensure_ascii=False, default=spelled)


def _require_text(path: Path, first: int, name: str, cells: pa.ChunkedArray) -> None:
    try:
        cells.validate(full=True)
    except pa.ArrowInvalid as error:
        row = next(row for row in range(len(cells)) if not _is_text(cells.slice(row, 1)))
        raise UserError(
            f"{path} cannot be read: row {first + row}, column {name!r}: the text is not UTF-8; write it so."
        ) from error


def _is_text(cells: pa.ChunkedArray) -> bool:
    try:
        cells.validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def write(path: Path, schema: pa.Schema, pieces: Iterable[pa.Table]) -> None:
    """Writes a file; see `Format`."""
    with pq.ParquetWriter(path, schema) as writer:
        group: list[pa.Table] = []
        for piece in pieces:
            group.append(piece)
            if sum(one.num_rows for one in group) >= GROUP:
                writer.write_table(pa.concat_tables(group))
                group = []
        if group:
            writer.write_table(pa.concat_tables(group))
