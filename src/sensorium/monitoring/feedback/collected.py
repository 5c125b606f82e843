"""data/feedback: rows that were made of feedback, and their inputs, in versions that DVC keeps.

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
from sensorium.monitoring.feedback.choice import Choice, Sample
from sensorium.serving import content
from sensorium.sources.feedback import INPUT, MEDIA, ROWS, TARGET, media_of

QUARANTINE = paths.FEEDBACK / "quarantine.parquet"
VERSIONED = (ROWS, QUARANTINE, MEDIA)


def collect(choice: Choice, retrain: str) -> None:
    """Writes the chosen rows, their inputs, and what was set aside.

    A row has ``id``, ``request_id``, ``sample``, ``time``, ``key``, ``retrain``, ``input.NAME`` and ``target.NAME``.
    An ``id`` is made by chance: clients choose their request ids, and rows go to splits by their names.

    Args:
        choice: what to learn from; labels that were told since replace those that rows have.
        retrain: that learns from the new rows, those that are pending and those with other labels.
    """
    rows = choice.earlier.copy()
    rows.loc[rows["sample"].isin([*choice.pending, *choice.corrected]), "retrain"] = retrain
    for sample, labels in choice.corrected.items():
        for told in labels:
            rows.loc[rows["sample"] == sample, f"{TARGET}{told.target}"] = told.label
    kept = [(request_id, sample) for request_id, sample in choice.new.items() if _keep(sample)]
    new = pd.DataFrame([_row(request_id, sample, retrain) for request_id, sample in kept])
    rows = pd.concat([rows, new], ignore_index=True) if len(rows) and len(new) else new if len(new) else rows
    _write(rows, ROWS)
    _write(choice.rejected, QUARANTINE)
    _drop_others({MEDIA / name for name in media_of(rows)})


def _keep(sample: Sample) -> bool:
    """Copies a sample's inputs; false if the service has forgotten one meanwhile."""
    try:
        for path in sample.files.values():
            if not (kept := content.file(MEDIA, path.name)).is_file():
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


def _drop_others(named: Collection[Path]) -> None:
    """Removes files that no row names: of keys that lost trust, and of a collection that was cut off."""
    MEDIA.mkdir(exist_ok=True)
    for path in MEDIA.glob("*/[!.]*"):
        if path not in named:
            remove(path)


def _write(table: pd.DataFrame, path: Path) -> None:
    with replacing(path, lasting=True) as beside:
        table.to_parquet(beside, index=False)
