"""Predictions that people labelled: data/feedback, as `sensorium collect` leaves it, beside those of the source.

``rows.parquet`` names what each row was given as files below ``media/``.
"""

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from sensorium import paths
from sensorium.errors import UserError
from sensorium.media import MediaWriter
from sensorium.modalities import Modality
from sensorium.modalities.request_fields import request_fields

ROWS, MEDIA = paths.FEEDBACK / "rows.parquet", paths.FEEDBACK / "media"
COLUMNS = ["id", "request_id", "sample", "time", "key", "retrain"]
INPUT, TARGET = "input.", "target."
FOLDER = "feedback"  # of their media, below that of the data
IDS = "feedback.parquet"  # beside the manifest: which of its rows are of feedback


def read_collected(media: bool = True) -> pd.DataFrame:
    """The rows of the last collection; none if there was none.

    Args:
        media: whether their inputs are wanted too.

    Raises:
        UserError: if git knows of rows, or inputs of theirs, that DVC has not checked out.
    """
    pointer = ROWS.with_name(f"{ROWS.name}.dvc")
    if pointer.is_file() and _md5(ROWS) != yaml.safe_load(pointer.read_text(encoding="utf-8"))["outs"][0]["md5"]:
        raise UserError(f"{ROWS} is not the one that git knows of; `dvc pull {pointer}` (or `dvc checkout`) brings it.")
    rows = pd.read_parquet(ROWS) if ROWS.is_file() else pd.DataFrame(columns=COLUMNS, dtype=str)
    gone = [name for name in media_of(rows) if not (MEDIA / name).is_file()] if media else []
    if gone:
        raise UserError(
            f"{MEDIA} lacks {gone[0]}, which {ROWS.name} names; `dvc pull {MEDIA}.dvc` (or `dvc checkout`) brings it."
        )
    return rows


def media_of(rows: pd.DataFrame) -> Iterator[str]:
    """The files that rows name, some perhaps twice."""
    for column in rows.filter(regex=f"^{INPUT}"):
        yield from rows[column].dropna()


def ids_of_feedback(folder: Path) -> set[str]:
    """Which rows of the manifest in a folder are of feedback."""
    return set(pd.read_parquet(folder / IDS)["id"]) if (folder / IDS).is_file() else set()


def with_feedback(
    table: pd.DataFrame, inputs: Mapping[str, Modality], labels: Mapping[str, str], media: MediaWriter
) -> pd.DataFrame:
    """The source's rows, then those of feedback, whose ids are written beside their media.

    Args:
        table: of the source.
        inputs: as declared; those of a request that are no longer declared are left out.
        labels: the column of every target, likewise.
        media: gets their files.

    Raises:
        UserError: if feedback is not checked out.
    """
    collected = read_collected()
    if collected.empty:
        return table
    rows = [_row(one, inputs, labels, media) for one in collected.to_dict("records")]
    collected[["id"]].to_parquet(media.folder / IDS, index=False)
    # Where rows lack a number, others must not become 11.0 for 11: groups, and so splits, go by these names.
    whole = {str(name): cells.convert_dtypes() for name, cells in table.select_dtypes("integer").items()}
    return pd.concat([table.assign(**whole), pd.DataFrame(rows)], ignore_index=True)


def _row(
    collected: Mapping[Any, Any], inputs: Mapping[str, Modality], labels: Mapping[str, str], media: MediaWriter
) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for name, field in request_fields(inputs).items():
        first, kind = next(iter(field.inputs)), field.widest
        given = (collected.get(f"{INPUT}{called}") for called in (name, *field.inputs))  # the latter: earlier versions
        cell = next((cell for cell in given if isinstance(cell, str)), None)
        if cell is None:
            continue
        kept = MEDIA / cell
        if field.is_file:
            path = f"{FOLDER}/{collected['id']}.{first}"
            media.add(kind.feature, path, kept.read_bytes())
            row |= dict.fromkeys(kind.columns(name), path)
        else:
            row |= kind.cells(name, kept.read_bytes())
    return row | {column: collected.get(f"{TARGET}{name}") for name, column in labels.items()} | {"id": collected["id"]}


def _md5(path: Path) -> str | None:
    """As DVC names a file's version; nothing where there is no file."""
    if not path.is_file():
        return None
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "md5").hexdigest()
