"""The trained model as compression starts from it: its network, its inputs' encoders, and the rows of each split."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sensorium.compression.parts import Reader
from sensorium.dataset.items import read_items
from sensorium.dataset.rows import read_rows
from sensorium.dataset.served import ServedRows, read_served_rows
from sensorium.modalities import Modality
from sensorium.models.network import Network
from sensorium.training.data import Rows

AXES_VALUES = 5000  # of every input, to fit its axes to


@dataclass(frozen=True)
class Trained:
    """A trained model and its rows.

    Attributes:
        network: the fusion network.
        inputs: as declared, with what they learnt from training rows.
        train: training rows, with the digest of every input's value.
        validation: validation rows likewise.
        test: test rows likewise.
        prepared: a folder of cleaned values an input.
    """

    network: Network
    inputs: Mapping[str, Modality]
    train: pd.DataFrame
    validation: pd.DataFrame
    test: pd.DataFrame
    prepared: Path

    def rows(self, table: pd.DataFrame) -> Rows:
        """Rows of a table with the features that training used."""
        return read_rows(table, self.network.config.inputs, self.network.targets)

    def served_rows(self, table: pd.DataFrame) -> ServedRows:
        """Rows of a table with the values that serving reads."""
        return read_served_rows(table, {name: one.kind for name, one in self.readers.items()}, self.prepared)

    @cached_property
    def train_rows(self) -> Rows:
        """The training rows with their features."""
        return self.rows(self.train)

    @cached_property
    def readers(self) -> dict[str, Reader]:
        """Every input with its encoder."""
        shapes = {name: features.shape[1:] for name, features in self.train_rows.features.items()}
        return {
            name: Reader(kind := self.inputs[name], kind.load_encoder(), (int(tokens), int(dim)))
            for name, (tokens, dim) in shapes.items()
        }

    @property
    def tokens(self) -> dict[str, int]:
        """How many tokens the features of every input have at most."""
        return {name: reader.shape[0] for name, reader in self.readers.items()}

    def training_values(self, name: str, count: int | None = None) -> dict[str, Any]:
        """Cleaned training values of an input by digest: all, or so many spread over the rows."""
        digests = pd.Series(self.train[name].dropna().unique())
        wanted = list(digests if count is None else spread(digests, count))
        kind = self.inputs[name]
        return {digest: kind.unpack(packed) for digest, packed in read_items(self.prepared / name, wanted)}

    def training_features(self, name: str) -> np.ndarray:
        """Features ``[values, tokens, dim]`` of an input in the training rows, as the uncompressed encoder gives them.

        At most `AXES_VALUES` of them, evenly spread.
        """
        items = self.train_rows.items[name].numpy()
        used = spread(pd.Series(np.unique(items[items >= 0])), AXES_VALUES).to_numpy()
        return self.train_rows.features[name].numpy()[used]


def spread(rows: Any, count: int) -> Any:
    """At most so many rows of a table, evenly spread over it."""
    if len(rows) <= count:
        return rows
    return rows.iloc[np.linspace(0, len(rows) - 1, count).astype(int)].reset_index(drop=True)
