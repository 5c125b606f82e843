"""Prepared rows as a served model reads them: cleaned values in, logits out, without torch."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, overload

import numpy as np
import pandas as pd

from sensorium.dataset.items import places, read_shard
from sensorium.encoders.encoder import Network, Preprocess, encode
from sensorium.encoders.tokens import absent, take
from sensorium.modalities import Modality
from sensorium.runtime.predictor import Predictor, Sample

BATCH = 32
HELD = 1000  # values, at most, that are held: of more each is read anew
ROWS_AT_ONCE = 4096  # that are fused: bounds the memory


class StoredValues(Sequence[Any]):
    """Cleaned values of an input, read from their shards when they are asked for; the last shard stays in memory.

    Args:
        folder: of the input.
        kind: it.
        wanted: digests; values stand in the order in which shards hold them.
    """

    def __init__(self, folder: Path, kind: Modality, wanted: Iterable[str]) -> None:
        self._kind = kind
        self._places = [(path, name) for path, names in places(folder, wanted) for name in names]
        self._in_shard: dict[Path, list[str]] = {}
        for path, name in self._places:
            self._in_shard.setdefault(path, []).append(name)
        self._opened: tuple[Path, dict[str, bytes]] | None = None

    @property
    def digests(self) -> list[str]:
        """Of every value."""
        return [name for _, name in self._places]

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, place: int) -> Any: ...
    @overload
    def __getitem__(self, place: slice) -> list[Any]: ...
    def __getitem__(self, place: int | slice) -> Any:
        if isinstance(place, slice):
            return [self._value(*one) for one in self._places[place]]
        return self._value(*self._places[place])

    def _value(self, path: Path, name: str) -> Any:
        if self._opened is None or self._opened[0] != path:
            self._opened = None  # the last one goes before the next one comes
            self._opened = path, read_shard(path, self._in_shard[path])
        return self._kind.unpack(self._opened[1][name])


@dataclass(frozen=True)
class ServedRows:
    """Rows with the values of their inputs, each distinct one once.

    Attributes:
        values: of every input, the distinct cleaned values.
        items: of every input, the value of each row ``[rows]``; -1 where the row lacks the input.
    """

    values: Mapping[str, Sequence[Any]]
    items: dict[str, np.ndarray]

    def sample(self, row: int) -> Sample:
        """The cleaned values of one row."""
        return {name: self.values[name][items[row]] for name, items in self.items.items() if items[row] >= 0}

    def fullest(self, count: int) -> list[Sample]:
        """Samples of the rows with most inputs, in their order."""
        present = sum((items >= 0).astype(int) for items in self.items.values())
        return [self.sample(row) for row in np.argsort(-np.asarray(present), kind="stable")[:count]]


def read_served_rows(table: pd.DataFrame, inputs: Mapping[str, Modality], folder: Path) -> ServedRows:
    """A table's rows; where there are many, their values are read when they are asked for.

    Args:
        table: the rows with the digest of every input.
        inputs: as the model declares them.
        folder: a folder of prepared values an input.
    """
    values: dict[str, Sequence[Any]] = {}
    items = {}
    for name, kind in inputs.items():
        stored = StoredValues(folder / name, kind, table[name].dropna().unique())
        values[name] = list(stored) if len(stored) <= HELD else stored
        place = {digest: number for number, digest in enumerate(stored.digests)}
        items[name] = np.array([place.get(digest, -1) for digest in table[name]], np.int64)
    return ServedRows(values, items)


def encode_values(predictor: Predictor, name: str, values: Sequence[Any]) -> np.ndarray:
    """Features ``[values, tokens, dim]`` of an input's values."""
    if not values:
        return absent(0, *predictor.shapes[name])
    return encode_batches(*predictor.encoders[name], values)


def encode_batches(preprocess: Preprocess, network: Network, values: Sequence[Any]) -> np.ndarray:
    """The same of one value or more, a batch in memory at a time."""
    first = encode(preprocess, network, values[:BATCH])
    features = np.empty((len(values), *first.shape[1:]), np.float32)
    features[:BATCH] = first
    for at in range(BATCH, len(values), BATCH):
        features[at : at + BATCH] = encode(preprocess, network, values[at : at + BATCH])
    return features


def fuse_rows(
    predictor: Predictor, features: Mapping[str, np.ndarray], items: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """Logits ``[rows, classes]`` by target of rows that point into features; -1 where a row lacks the input."""
    count = len(next(iter(items.values())))
    pieces = []
    for at in range(0, max(count, 1), ROWS_AT_ONCE):  # of no rows there are outputs, too
        here = {name: places[at : at + ROWS_AT_ONCE] for name, places in items.items()}
        pieces.append(predictor.fuse({name: take(features[name], places) for name, places in here.items()}))
    return {name: np.concatenate([piece[name] for piece in pieces]) for name in pieces[0]}


def predict_rows(predictor: Predictor, rows: ServedRows) -> dict[str, np.ndarray]:
    """What a served model predicts ``[rows, columns]`` by target."""
    features = {name: encode_values(predictor, name, values) for name, values in rows.values.items()}
    outputs = fuse_rows(predictor, features, rows.items)
    return {name: target.predict(outputs[name]) for name, target in predictor.targets.items()}
