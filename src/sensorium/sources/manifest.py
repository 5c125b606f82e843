"""A table of the user's own: CSV, JSON lines or Parquet, with media beside it."""

import shutil
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal

import pandas as pd
from pydantic import Field

from sensorium.errors import BadInput, UserError
from sensorium.modalities import Modality
from sensorium.modalities.modality import file_inside
from sensorium.sources.source import Source

READERS: dict[str, Callable[[Path], pd.DataFrame]] = {
    ".csv": lambda path: pd.read_csv(path, dtype=str, keep_default_na=False, na_values=[""], index_col=False),
    ".jsonl": lambda path: pd.read_json(path, lines=True, convert_dates=False, dtype=False),
    ".parquet": pd.read_parquet,
}


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
    if path.suffix.lower() not in READERS:
        raise UserError(f"data.path: {path} is no table; {', '.join(READERS)} files are read.")
    if not path.is_file():
        raise UserError(f"data.path: {path} does not exist.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            table = READERS[path.suffix.lower()](path)
    except pd.errors.ParserWarning as error:
        raise UserError(f"data.path: {path} has rows with more fields than its header; mend the commas.") from error
    except Exception as error:  # every reader has errors of its own
        raise UserError(f"data.path: {path} cannot be read: {str(error).strip().splitlines()[0]}.") from error
    if table.empty:
        raise UserError(f"data.path: {path} has no rows.")
    if twice := [name for name in table.columns if list(table.columns).count(name) > 1]:
        raise UserError(f"data.path: {path} has the column {twice[0]!r} twice; rename one.")
    return table


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
