"""ingest: the source's rows and media into data/raw."""

from pathlib import Path

import pandas as pd

from sensorium import params, paths
from sensorium.dataset import trial
from sensorium.errors import UserError
from sensorium.files import replacing
from sensorium.modalities.modality import is_missing
from sensorium.registry.own_data import IGNORED, dvc_add, keep_out_of_git
from sensorium.sources.feedback import with_feedback

RESERVED = ("split", "group")  # columns that prepare adds


def run() -> None:
    """Writes data/raw/manifest.parquet and the media its cells name."""
    settings = params.load()
    _require_encoders(settings)
    with replacing(paths.RAW) as beside:
        beside.mkdir()
        table = settings.data.read(settings.inputs, beside)
        own, files = len(table), settings.data.own_files(settings.inputs, table)
        table = with_feedback(table, settings.data.source, settings.inputs, list(settings.targets), beside)
        _require_columns(table, settings)
        _normalise(table, settings).to_parquet(beside / "manifest.parquet", index=False)
    more = f", {len(table) - own:,} of them from feedback" if len(table) > own else ""
    print(f"ingest: {len(table):,} rows from {settings.data.source}{more}")
    if files and (ignored := keep_out_of_git(files)):
        beside = (files.folder / IGNORED).relative_to(Path.cwd())
        print(f"ingest: {beside} now keeps your data out of git; `{dvc_add(ignored)}` makes versions of it")


def _require_encoders(settings: params.Params) -> None:
    """Says which key of params.yaml names an encoder that cannot be had, or cannot read an example."""
    for name, kind in settings.inputs.items():
        try:
            trial.require(kind)
        except UserError as problem:
            raise UserError(f"{paths.PARAMS}: inputs.{name}.encoder: {problem}") from problem


def _require_columns(table: pd.DataFrame, settings: params.Params) -> None:
    """Says which key of params.yaml names a column that the data lacks."""
    needed = [(f"inputs.{name}", column) for name, kind in settings.inputs.items() for column in kind.columns(name)]
    needed += [(f"targets.{name}", name) for name in settings.targets]
    needed += [("split.group", column) for column in settings.split.groups if column not in settings.inputs]
    needed += [("split.stratify", settings.split.stratify)] if settings.split.stratify else []
    for key, column in needed:
        if column not in table:
            raise UserError(
                f"{paths.PARAMS}: {key}: the data has no column {column!r}; "
                f"it has {', '.join(map(str, table.columns))}."
            )
        if column in RESERVED:
            raise UserError(f"{paths.PARAMS}: {key}: the tables use the name {column!r} themselves; rename the column.")


def _normalise(table: pd.DataFrame, settings: params.Params) -> pd.DataFrame:
    """Empty cells become null, ids and labels text, so that all sources look alike from here on."""
    for name in ["id", *settings.targets]:
        table[name] = [None if cell is pd.NA or is_missing(cell) else str(cell) for cell in table[name]]
    for name, kind in settings.inputs.items():
        for column in kind.columns(name):
            cells = [None if cell is pd.NA or is_missing(cell) else cell for cell in table[column]]
            table[column] = pd.Series(cells, index=table.index, dtype=object)
    for column in table.select_dtypes("object").columns:  # Parquet columns are of one type
        if len({type(cell) for cell in table[column] if cell is not None}) > 1:
            table[column] = [None if cell is None else str(cell) for cell in table[column]]
    return table.drop(columns=[name for name in RESERVED if name in table])


def manifest(folder: Path = paths.RAW) -> Path:
    """The table that this stage writes."""
    return folder / "manifest.parquet"
