"""A table of the user's own: CSV, JSON lines or Parquet, with media beside it."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import pandas as pd
import pyarrow as pa
from pydantic import Field

from sensorium import tables
from sensorium.errors import BadInput, UserError
from sensorium.modalities import Modality
from sensorium.modalities.modality import file_inside
from sensorium.sources.source import OwnFiles, Source

TEXT = (".csv", ".jsonl")  # tables that git shows the changes of
SMALL = 2**20  # bytes of one of them, at most

PIECE = 16_384  # rows


class Manifest(Source):
    """A row per sample; media cells hold paths relative to the table's folder, which is the data root.

    Without an ``id`` column, a row's number (from 1) is its id.
    """

    source: Literal["manifest"] = "manifest"
    path: str = Field(description="a .csv, .jsonl or .parquet file")

    def read(self, inputs: Mapping[str, Modality], folder: Path) -> pd.DataFrame:
        path = Path(self.path).expanduser()
        table = _read(path)
        if "id" not in table:
            table.insert(0, "id", [str(number + 1) for number in range(len(table))])
        for relative in _media(inputs, table):
            _copy(path.parent.resolve(), relative, folder)
        return table

    def own_files(self, inputs: Mapping[str, Modality], table: pd.DataFrame) -> OwnFiles | None:
        path = Path(self.path).expanduser()
        if not path.is_file():
            return None
        folder = path.parent.resolve()
        media = [found for relative in _media(inputs, table) if (found := _file(folder, relative))]
        is_for_git = path.suffix.lower() in TEXT and path.stat().st_size <= SMALL
        return OwnFiles(folder, media, [] if is_for_git else [folder / path.name])


def _media(inputs: Mapping[str, Modality], table: pd.DataFrame) -> list[str]:
    """The paths that cells of media inputs hold, each once."""
    read = [column for name, kind in inputs.items() if kind.is_file for column in kind.columns(name)]
    columns = [column for column in dict.fromkeys(read) if column in table]
    return sorted({cell for name in columns for cell in table[name] if isinstance(cell, str)})


def _file(root: Path, relative: str) -> Path | None:
    """What a cell names; nothing where that is absent or outside the root."""
    try:
        return file_inside(root, relative)
    except BadInput:
        return None


def _read(path: Path) -> pd.DataFrame:
    try:
        pieces = list(tables.read(path, PIECE))
    except UserError as problem:
        raise UserError(f"data.path: {problem}") from problem
    whole = pa.concat_tables(pieces)
    table = whole.to_pandas(integer_object_nulls=True)
    for field, cells in zip(whole.schema, whole.columns, strict=True):
        if pa.types.is_integer(field.type) and cells.null_count:  # pandas would make floats of them
            table[field.name] = table[field.name].astype("UInt64" if field.type == pa.uint64() else "Int64")
    return table


def _copy(root: Path, relative: str, folder: Path) -> None:
    """Copies one file, keeping its path; what is absent or outside the root is left for validation to report."""
    source, target = _file(root, relative), (folder / relative).resolve()
    if not source or not target.is_relative_to(folder.resolve()):
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
