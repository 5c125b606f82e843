"""data/feedback: rows that were made of feedback, and their inputs, in versions that DVC keeps.

``rows.parquet`` names each input of a row as a file below ``media/``. A file there is named by its content, so that a
new version adds what is new and nothing else.
"""

import hashlib
import secrets
import shutil
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from sensorium import paths
from sensorium.errors import UserError
from sensorium.files import replacing
from sensorium.monitoring.choice import Choice, Sample
from sensorium.serving import content
from sensorium.sources.feedback import INPUT, TARGET

ROWS, QUARANTINE, MEDIA = "rows.parquet", "quarantine.parquet", "media"
VERSIONED = (ROWS, QUARANTINE, MEDIA)
COLUMNS = ["id", "request_id", "sample", "time", "key", "retrain"]


def collect(choice: Choice, retrain: str, folder: Path = paths.FEEDBACK) -> None:
    """Writes the chosen rows, their inputs, and what was set aside.

    A row has ``id``, ``request_id``, ``sample``, ``time``, ``key``, ``retrain``, ``input.NAME`` and ``target.NAME``.
    An ``id`` is made by chance: clients choose their request ids, and rows go to splits by their names.

    Args:
        choice: what to learn from; labels that were told since replace those that rows have.
        retrain: that learns from the new rows, and those that are pending.
        folder: of feedback.
    """
    rows = choice.earlier.copy()
    rows.loc[rows["request_id"].isin(choice.pending), "retrain"] = retrain
    for request_id, labels in choice.corrected.items():
        for told in labels:
            rows.loc[rows["request_id"] == request_id, f"{TARGET}{told.target}"] = told.label
    kept = {request_id: sample for request_id, sample in choice.new.items() if _keep(sample, folder / MEDIA)}
    new = pd.DataFrame([_row(request_id, sample, retrain) for request_id, sample in kept.items()])
    rows = pd.concat([rows, new], ignore_index=True) if len(rows) and len(new) else new if len(new) else rows
    _write(rows, folder / ROWS)
    _write(choice.rejected, folder / QUARANTINE)
    _drop_others({folder / MEDIA / name for name in _media(rows)}, folder / MEDIA)


def read_rows(folder: Path = paths.FEEDBACK, media: bool = True) -> pd.DataFrame:
    """The rows of the last collection; none if there was none.

    Args:
        folder: of feedback.
        media: whether their inputs are wanted too.

    Raises:
        UserError: if git knows of rows, or inputs of theirs, that DVC has not checked out.
    """
    path = folder / ROWS
    pointer = path.with_name(f"{ROWS}.dvc")
    if pointer.is_file() and _md5(path) != yaml.safe_load(pointer.read_text(encoding="utf-8"))["outs"][0]["md5"]:
        raise UserError(f"{path} is not the one that git knows of; `dvc pull {pointer}` (or `dvc checkout`) brings it.")
    rows = pd.read_parquet(path) if path.is_file() else pd.DataFrame(columns=COLUMNS, dtype=str)
    gone = [name for name in _media(rows) if not (folder / MEDIA / name).is_file()] if media else []
    if gone:
        raise UserError(
            f"{folder / MEDIA} lacks {gone[0]}, which {ROWS} names; `dvc pull {folder / MEDIA}.dvc` (or "
            "`dvc checkout`) brings it."
        )
    return rows


def _keep(sample: Sample, media: Path) -> bool:
    """Copies a sample's inputs; false if the service has forgotten one meanwhile."""
    try:
        for path in sample.files.values():
            if not (kept := content.file(media, path.name)).is_file():
                with replacing(kept) as beside:
                    shutil.copyfile(path, beside)
    except FileNotFoundError:
        return False
    return True


def _row(request_id: str, sample: Sample, retrain: str) -> dict[str, Any]:
    last = sample.labels[-1]
    about = {"request_id": request_id, "sample": sample.sample, "time": last.time.isoformat(), "key": last.key}
    inputs = {f"{INPUT}{name}": str(content.file(Path(), path.name)) for name, path in sample.files.items()}
    truth = {f"{TARGET}{told.target}": told.label for told in sample.labels}
    return {"id": f"feedback-{secrets.token_hex(6)}", **about, "retrain": retrain, **inputs, **truth}


def _media(rows: pd.DataFrame) -> Iterator[str]:
    """The files that rows name, some perhaps twice."""
    for column in rows.filter(regex=f"^{INPUT}"):
        yield from rows[column].dropna()


def _drop_others(named: Collection[Path], media: Path) -> None:
    """Removes files that no row names: of keys that lost trust, and of a collection that was cut off."""
    media.mkdir(exist_ok=True)
    for path in media.glob("*/*"):
        if path not in named:
            path.unlink()


def _write(table: pd.DataFrame, path: Path) -> None:
    with replacing(path) as beside:
        table.to_parquet(beside, index=False)


def _md5(path: Path) -> str | None:
    """As DVC names a file's version; nothing where there is no file."""
    if not path.is_file():
        return None
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "md5").hexdigest()
