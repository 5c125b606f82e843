"""A model with the reference that checks need."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from sensorium.dataset.served import ServedRows, encode_values
from sensorium.monitoring.drift.reference import ReferenceContext, write_reference
from sensorium.runtime import artefact
from sensorium.runtime.predictor import Predictor


def add_reference(
    folder: Path,
    values: Mapping[str, list[Any]],
    training: Mapping[str, list[Any]],
    label: tuple[str, str] = ("label", "no"),
    more: Mapping[str, list[Any]] | None = None,
) -> Path:
    """Puts a reference of independent rows, whose first values and so on are of one row, into a model's folder.

    Args:
        folder: of a model.
        values: cleaned, as many of every input.
        training: values that the axes are fitted to.
        label: a target of the model, and the class of all rows.
        more: what is true of every row, by other targets.
    """
    predictor = Predictor.load(folder)
    manifest = json.loads((folder / artefact.MANIFEST).read_text())
    (folder / artefact.MANIFEST).unlink()
    rows = np.arange(len(next(iter(values.values()))))
    features = {name: encode_values(predictor, name, given) for name, given in training.items()}
    target, name = label
    known = ReferenceContext(rows, {target: [name] * len(rows), **(more or {})}, [], {}, features)
    write_reference(folder, predictor, ServedRows(dict(values), dict.fromkeys(values, rows)), known)
    artefact.seal(folder, {key: value for key, value in manifest.items() if key not in ("version", "files")})
    return folder
