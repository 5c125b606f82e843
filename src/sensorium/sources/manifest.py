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
from sensorium.sources.source import Source

PIECE = 16_384  # rows


class Manifest(Source):
    """A row per sample; media cells hold paths relative to the table's folder, which is the data root.

    Without an ``id`` column, a row's number (from 1) is its id.
    """

    source: Literal["manifest"] = "manifest"
    path: str = Field(description="a .csv, .jsonl or .parquet file")

    def read(self, inputs: Mapping[str, Modality], folder: Path) -> pd.DataFrame:
        table = _read(Path(self.path).expanduser())
        if "id" not in table:
            table.insert(0, "id", [str(number + 1) for number in range(len(table))])
        root = Path(self.path).expanduser().parent.resolve()
        for name, modality in inputs.items():
            if modality.is_file and name in table:
                for relative in sorted({cell for cell in table[name] if isinstance(cell, str)}):
                    _copy(root, relative, folder)
        return table


def _read(path: Path) -> pd.DataFrame:
    try:
        pieces = list(tables.read(path, PIECE))
    except UserError as problem:
        raise UserError(f"data.path: {problem}") from problem
    schema = tables.common(piece.schema for piece in pieces)
    # A whole number beside an empty cell stays whole: pandas would make it a float.
    return pa.concat_tables(tables.fit(piece, schema) for piece in pieces).to_pandas(integer_object_nulls=True)


def _copy(root: Path, relative: str, folder: Path) -> None:
    """Copies one file, keeping its path; what is absent or outside the root is left for validation to report."""
    try:
        source = file_inside(root, relative)
    except BadInput:
        return
    target = (folder / relative).resolve()
    if not target.is_relative_to(folder.resolve()):
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
