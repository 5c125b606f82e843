"""Rows that people told the labels of, beside those of the source."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from sensorium.modalities import Modality

FOLDER = "feedback"  # of their media, below that of the data
ORIGIN = "origin"  # the column that tells them from others
INPUT, TARGET = "input.", "target."


def with_feedback(
    table: pd.DataFrame,
    told: pd.DataFrame,
    source: str,
    inputs: Mapping[str, Modality],
    targets: Sequence[str],
    media: Path,
    folder: Path,
) -> pd.DataFrame:
    """The source's rows, then those of feedback, whose media are copied into ``folder``.

    Args:
        table: of the source.
        told: rows of feedback: ``id``, ``input.NAME`` (a file below ``media``), ``target.NAME``.
        source: what the others' origin is called.
        inputs: as declared; those of a request that are no longer declared are left out.
        targets: likewise.
        media: inputs as requests gave them.
        folder: media cells are relative to it.
    """
    if told.empty:
        return table
    rows = [_row(one, inputs, targets, media, folder) for one in told.to_dict("records")]
    # Where rows lack a number, others must not become 11.0 for 11: groups, and so splits, go by these names.
    whole = dict.fromkeys(table.select_dtypes("integer"), "Int64")
    source_rows = table.astype(whole).assign(**{ORIGIN: table.get(ORIGIN, source)})
    return pd.concat([source_rows, pd.DataFrame(rows)], ignore_index=True)


def _row(
    told: Mapping[Any, Any], inputs: Mapping[str, Modality], targets: Sequence[str], media: Path, folder: Path
) -> dict[str, Any]:
    row: dict[str, Any] = {"id": told["id"], ORIGIN: FOLDER}
    for name, kind in inputs.items():
        cell = told.get(f"{INPUT}{name}")
        if not isinstance(cell, str):
            continue
        kept = media / cell
        if kind.is_file:
            path = Path(FOLDER) / f"{told['id']}.{name}"
            (folder / path).parent.mkdir(exist_ok=True)
            shutil.copyfile(kept, folder / path)
            row[name] = str(path)
        else:
            row |= kind.cells(name, kept.read_bytes())
    return row | {name: told.get(f"{TARGET}{name}") for name in targets}
