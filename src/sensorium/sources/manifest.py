"""A table of the user's own: CSV, JSON lines or Parquet, with media beside it."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pyarrow as pa
from pydantic import Field

from sensorium import tables
from sensorium.data_root import DataRoot
from sensorium.errors import BadInput, NotHere, UserError
from sensorium.fingerprints import fingerprint
from sensorium.media import MediaWriter
from sensorium.modalities import Modality
from sensorium.modalities.request_fields import request_fields
from sensorium.sources.source import OwnFiles, Source

if TYPE_CHECKING:  # half the time that `sensorium source` would take, which `dvc repro` always runs
    import pandas as pd

TEXT = (".csv", ".jsonl")  # tables that git shows the changes of
SMALL = 2**20  # bytes of one of them, at most

PIECE = 16_384  # rows


class Manifest(Source):
    """A row per sample; media cells hold paths relative to the table's folder, which is the data root.

    A folder of pictures, or a list of them, is a clip, and kept as one file.

    Without an ``id`` column, a row's number (from 1) is its id.
    """

    source: Literal["manifest"] = "manifest"
    path: str = Field(description="a .csv, .jsonl or .parquet file")

    def read(self, inputs: Mapping[str, Modality], media: MediaWriter) -> "pd.DataFrame":
        path = Path(self.path).expanduser()
        table = _dataframe(_read(path))
        if "id" not in table:
            table.insert(0, "id", [str(number + 1) for number in range(len(table))])
        root = DataRoot(path.parent)
        for cell, kind in _media(inputs, table).items():
            try:
                content = root.read(cell, kind.max_bytes)
            except BadInput as problem:  # validation says so of the row
                if problem.cause is None:  # else the cell itself says it
                    media.leave_out(cell, str(problem))
                continue
            if _is_below(cell):  # one that is inside the root by a detour is left for validation
                media.add(kind.feature, cell, content)
        return table

    def made_of(self, inputs: Mapping[str, Modality]) -> dict[str, Any]:
        path = Path(self.path).expanduser()
        if not path.exists():
            raise NotHere(f"data.path: {path} does not exist.")
        columns = _columns(inputs)
        table = _read(path) if columns or not path.is_file() else pa.table({})
        cells = _media(inputs, {name: table[name].to_pylist() for name in columns if name in table.column_names})
        return {"table": fingerprint({"": path}), "media": fingerprint(_named(DataRoot(path.parent), cells))}

    def own_files(self, inputs: Mapping[str, Modality], table: "pd.DataFrame") -> OwnFiles | None:
        path = Path(self.path).expanduser()
        if not path.is_file():
            return None
        folder = path.parent.resolve()
        media = [found for found in _named(DataRoot(folder), _media(inputs, table)).values() if found]
        is_for_git = path.suffix.lower() in TEXT and path.stat().st_size <= SMALL
        return OwnFiles(folder, media, [] if is_for_git else [folder / path.name])


def _columns(inputs: Mapping[str, Modality]) -> dict[str, Modality]:
    """Those whose cells hold paths, each with the input that takes most of what may be there."""
    return {name: field.widest for name, field in request_fields(inputs).items() if field.is_file}


def _media(inputs: Mapping[str, Modality], table: Any) -> dict[str, Modality]:
    """The paths that cells of media inputs hold, row by row, each once; of a table that gives a column by its name."""
    columns = {column: kind for column, kind in _columns(inputs).items() if column in table}
    found: dict[str, Modality] = {}
    for cells in zip(*(table[column] for column in columns), strict=True):
        for cell, kind in zip(cells, columns.values(), strict=True):
            if isinstance(cell, str):
                found.setdefault(cell, kind)
    return found


def _named(root: DataRoot, cells: Iterable[str]) -> dict[str, Path | None]:
    """The files that cells name, frame by frame; in place of a cell that names none, what is wrong with it."""
    found: dict[str, Path | None] = {}
    for cell in cells:
        try:
            found[cell] = root.file(cell)
        except BadInput as problem:
            frames = root.frames(cell)
            found |= _named(root, frames) if frames else {str(problem): None}
    return found


def _read(path: Path) -> pa.Table:
    try:
        pieces = list(tables.read(path, PIECE))
    except UserError as problem:
        raise UserError(f"data.path: {problem}") from problem
    return pa.concat_tables(pieces)


def _dataframe(whole: pa.Table) -> "pd.DataFrame":
    """The table for pandas, which would make floats of integers beside empty cells."""
    table = whole.to_pandas(integer_object_nulls=True)
    for field, cells in zip(whole.schema, whole.columns, strict=True):
        if pa.types.is_integer(field.type) and cells.null_count:
            table[field.name] = table[field.name].astype("UInt64" if field.type == pa.uint64() else "Int64")
    return table


def _is_below(cell: str) -> bool:
    """Whether a path says by itself that it leads into the folder that it is relative to."""
    path = os.path.normpath(cell)
    return not path.startswith(("/", "../"))
