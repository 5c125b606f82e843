"""The world of the demo: stamps that a model is trained on, and others that people will ask about later."""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
import yaml

from sensorium.dataset.split import place_of
from sensorium.media import Media, MediaWriter
from sensorium.modalities import Image
from sensorium.sources import TuxPaint

KNOWN, NEW = ("es", "fr", "ru"), "bg"  # languages
COLLECTED = 0.7  # of the items are in the data set; the others are what the world asks about
FOLDER = "world"

# A quick run of the whole pipeline: a network that is solved, one form, no students, no damaged inputs.
QUICK: dict[str, Any] = {
    "data": {"source": "manifest", "path": f"{FOLDER}/table.csv"},
    "fusion": {"kind": "linear"},
    "search": {"trials": 1, "minutes": 5.0, "seed": 0},
    "evaluation": {"bootstrap": 200, "confidence": 0.95, "robustness_rows": 0},
    "compress": {"objective": "size", "max_drop": 0.02, "forms": ["optimised"], "students": {}},
    "gate": [
        {"metric": "evaluate.category.accuracy", "min": "evaluate.category.majority.accuracy"},
        {"metric": "evaluate.category.accuracy", "champion": {"margin": 0.05, "confidence": 0.9}, "if_missing": "pass"},
        {"metric": "evaluate.language.accuracy", "min": 0.8},
        {"metric": "evaluate.language.accuracy", "champion": {"margin": 0.02, "confidence": 0.9}, "if_missing": "pass"},
    ],
    "monitor": {"keep_content": True, "content_megabytes": 256, "hours": 24.0, "false_alarms": 0.05},
    "retrain": {
        "feedback": 1000, "feedback_on_drift": 20, "cooldown_hours": 1.0, "budget": 4, "approval": False,
        "trusted": ["labellers"],
    },
}  # fmt: skip


def make(folder: Path, stamps: Path | None) -> pd.DataFrame:
    """Writes the data set's table, ``world/table.csv``, in a clone; returns the rows it does not have.

    Args:
        folder: the clone.
        stamps: of a Tux Paint installation, instead of fetching them.

    Returns:
        Rows of the other items in all languages, the new one too; media as paths.
    """
    root = folder / FOLDER
    root.mkdir()
    source = TuxPaint(languages=[*KNOWN, NEW], path=str(stamps) if stamps else None)
    with TemporaryDirectory() as shards:
        with MediaWriter(Path(shards)) as writer:
            table = source.read({}, writer)
        stored = Media.of_folder(Path(shards))
        for path in stored:
            (root / path).parent.mkdir(exist_ok=True)
            (root / path).write_bytes(stored.read(path, Image.max_bytes))
    table = table[[path in stored for path in table["image"]]]  # a few drawings cannot be rendered
    is_collected = table["item"].map(place_of) < COLLECTED
    table[is_collected & table["language"].isin(KNOWN)].to_csv(root / "table.csv", index=False)
    others = table[~is_collected].copy()
    for media in ("image", "speech"):
        others[media] = [root / path for path in others[media]]
    return others.reset_index(drop=True)


def hurry(params: Path) -> None:
    """Changes params.yaml so that a run takes a minute or two."""
    content: Mapping[str, Any] = yaml.safe_load(params.read_text(encoding="utf-8"))
    params.write_text(yaml.safe_dump({**content, **QUICK}, sort_keys=False), encoding="utf-8")
