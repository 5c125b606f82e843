"""Prepared rows as a served model reads them: cleaned values in, logits out, without torch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sensorium.dataset.items import read_items
from sensorium.modalities import Modality
from sensorium.runtime.predictor import Predictor, Sample

BATCH = 32


@dataclass(frozen=True)
class ServedRows:
    """Rows with the values of their inputs, each distinct one once.

    Attributes:
        values: of every input, the distinct cleaned values.
        items: of every input, the value of each row ``[rows]``; -1 where the row lacks the input.
    """

    values: dict[str, list[Any]]
    items: dict[str, np.ndarray]

    def sample(self, row: int) -> Sample:
        """The cleaned values of one row."""
        return {name: self.values[name][items[row]] for name, items in self.items.items() if items[row] >= 0}

    def fullest(self, count: int) -> list[Sample]:
        """Samples of the rows with most inputs, in their order."""
        present = sum((items >= 0).astype(int) for items in self.items.values())
        return [self.sample(row) for row in np.argsort(-np.asarray(present), kind="stable")[:count]]


def read_served_rows(table: pd.DataFrame, inputs: Mapping[str, Modality], folder: Path) -> ServedRows:
    """The values of a table's rows.

    Args:
        table: the rows with the digest of every input.
        inputs: as the model declares them.
        folder: a folder of prepared values an input.
    """
    values, items = {}, {}
    for name, kind in inputs.items():
        found = dict(read_items(folder / name, list(table[name].dropna().unique())))
        place = {digest: number for number, digest in enumerate(found)}
        values[name] = [kind.unpack(packed) for packed in found.values()]
        items[name] = np.array([place.get(digest, -1) for digest in table[name]], np.int64)
    return ServedRows(values, items)


def encode_values(predictor: Predictor, name: str, values: Sequence[Any]) -> np.ndarray:
    """Features ``[values, tokens, dim]`` of an input's values."""
    batches = [predictor.encode(name, values[at : at + BATCH]) for at in range(0, len(values), BATCH)]
    return np.concatenate([np.zeros((0, *predictor.shapes[name]), np.float32), *batches])


def fuse_rows(
    predictor: Predictor, features: Mapping[str, np.ndarray], items: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """Logits ``[rows, classes]`` by target of rows that point into features; -1 where a row lacks the input."""
    present = {name: (places >= 0).astype(np.float32) for name, places in items.items()}
    of_rows = {}
    for name, places in items.items():
        padded = np.concatenate([features[name], np.zeros((1, *features[name].shape[1:]), np.float32)])
        of_rows[name] = padded[places]  # -1 points to the zeros
    return predictor.fuse(of_rows, present)


def predict_rows(predictor: Predictor, rows: ServedRows) -> dict[str, np.ndarray]:
    """What a served model predicts ``[rows, columns]`` by target."""
    features = {name: encode_values(predictor, name, values) for name, values in rows.values.items()}
    outputs = fuse_rows(predictor, features, rows.items)
    return {name: target.predict(outputs[name]) for name, target in predictor.targets.items()}
