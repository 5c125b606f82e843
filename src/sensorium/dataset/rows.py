"""Prepared rows and cached features, put together as tensors."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import pandas as pd
import torch

from sensorium import paths
from sensorium.dataset.features import read_features
from sensorium.files import existing
from sensorium.training.data import Rows

ROWS_FILE = paths.PREPARED / "rows.parquet"


def read_table() -> pd.DataFrame:
    """data/prepared/rows.parquet: ``id``, ``split``, ``group``, targets, and every input's digest or null.

    ``row.origin`` is the source of a row; what else the user's table has is called ``column.NAME``.

    Raises:
        UserError: if there is none yet.
    """
    return pd.read_parquet(existing(ROWS_FILE, made_by="prepare"))


def of_split(table: pd.DataFrame, split: str) -> pd.DataFrame:
    """The rows of one split, numbered from 0."""
    return table[table["split"] == split].reset_index(drop=True)


def classes_of(table: pd.DataFrame, targets: Iterable[str]) -> dict[str, list[str]]:
    """The classes of every target, sorted: the order of its logits."""
    return {target: sorted(table[target].dropna().unique()) for target in targets}


def read_rows(
    table: pd.DataFrame, inputs: Iterable[str], classes: Mapping[str, list[str]], folder: Path = paths.EMBEDDINGS
) -> Rows:
    """Rows of a table with the features that the embed stage wrote for their inputs."""
    features, items = {}, {}
    for name in inputs:
        existing(folder / name, made_by=f"embed {name}")
        digests, array = read_features(folder / name)
        place = pd.Series(range(len(digests)), index=digests)
        features[name] = torch.from_numpy(array.copy())
        items[name] = torch.tensor(table[name].map(place).fillna(-1).astype(int).to_numpy())
    labels = {}
    for target, names in classes.items():
        place = pd.Series(range(len(names)), index=names)
        labels[target] = torch.tensor(table[target].map(place).fillna(-1).astype(int).to_numpy())
    return Rows(features, items, labels)
