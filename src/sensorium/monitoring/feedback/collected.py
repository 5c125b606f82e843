"""Writes data/feedback: training rows made of feedback, with their inputs, versioned by DVC.

``rows.parquet`` names each input of a row as a file below ``media/``. A file there is named by its content, so that a
new version adds what is new and nothing else.
"""

import secrets
import shutil
from collections.abc import Collection
from pathlib import Path
from typing import Any

import pandas as pd

from sensorium import paths
from sensorium.files import remove, replacing
from sensorium.monitoring.feedback.selection import Sample, Selection
from sensorium.serving import content
from sensorium.sources.feedback import INPUT, MEDIA, ROWS, TARGET, media_of

QUARANTINE = paths.FEEDBACK / "quarantine.parquet"
VERSIONED = (ROWS, QUARANTINE, MEDIA)


def collect(selection: Selection, retrain: str) -> None:
    """Writes the selected rows, their inputs, and the rejected labels.

    A row has ``id``, ``request_id``, ``sample``, ``time``, ``key``, ``retrain``, ``input.NAME`` by the names that
    requests use, and ``target.NAME``.
    An ``id`` is random: clients choose their request ids, and must not choose the split of a row.

    Args:
        selection: what to learn from; corrected labels replace those of earlier rows.
        retrain: id of the retrain that learns from new, pending and corrected rows.
    """
    rows = selection.earlier.copy()
    rows.loc[rows["sample"].isin([*selection.pending, *selection.corrected]), "retrain"] = retrain
    for sample, labels in selection.corrected.items():
        for label in labels:
            rows.loc[rows["sample"] == sample, f"{TARGET}{label.target}"] = label.value
    kept = [(request_id, sample) for request_id, sample in selection.new.items() if _keep(sample)]
    new = pd.DataFrame([_row(request_id, sample, retrain) for request_id, sample in kept])
    rows = pd.concat([rows, new], ignore_index=True) if len(rows) and len(new) else new if len(new) else rows
    _write(rows, ROWS)
    _write(selection.rejected, QUARANTINE)
    _drop_others({MEDIA / name for name in media_of(rows)})


def _keep(sample: Sample) -> bool:
    """Copies a sample's inputs; false if the service has deleted one meanwhile."""
    try:
        for path in sample.files.values():
            if not (kept := content.file(MEDIA, path.name)).is_file():
                with replacing(kept, lasting=True) as beside:
                    shutil.copyfile(path, beside)
    except FileNotFoundError:
        return False
    return True


def _row(request_id: str, sample: Sample, retrain: str) -> dict[str, Any]:
    last = sample.labels[-1]
    about = {"request_id": request_id, "sample": sample.digest, "time": last.time.isoformat(), "key": last.key}
    inputs = {f"{INPUT}{name}": str(content.file(Path(), path.name)) for name, path in sample.files.items()}
    truth = {f"{TARGET}{label.target}": label.value for label in sample.labels}
    return {"id": f"feedback-{secrets.token_hex(6)}", **about, "retrain": retrain, **inputs, **truth}


def _drop_others(named: Collection[Path]) -> None:
    """Removes files that no row names: of keys that are no longer trusted, and of an interrupted collection."""
    MEDIA.mkdir(exist_ok=True)
    for path in MEDIA.glob("*/[!.]*"):
        if path not in named:
            remove(path)


def _write(table: pd.DataFrame, path: Path) -> None:
    with replacing(path, lasting=True) as beside:
        table.to_parquet(beside, index=False)
