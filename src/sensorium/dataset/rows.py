"""Prepared rows and cached features, put together as tensors."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from sensorium import paths
from sensorium.dataset.columns import SPLIT
from sensorium.dataset.features import read_features, read_quarantine
from sensorium.files import existing
from sensorium.targets import Learnt

if TYPE_CHECKING:  # half the time of stages that read nothing but the table
    from sensorium.training.data import Rows

ROWS_FILE = paths.PREPARED / "rows.parquet"


def read_table() -> pd.DataFrame:
    """data/prepared/rows.parquet: ``id``, ``split``, ``group``, targets, and every input's digest or null.

    A value that could not be encoded counts as missing, and a row that has no other input is left out.

    ``row.origin`` is the source of a row; what else the user's table has is called ``column.NAME``.

    Raises:
        UserError: if there is none yet.
    """
    table = pd.read_parquet(existing(ROWS_FILE, made_by="prepare"))
    inputs = [folder.name for folder in sorted(paths.EMBEDDINGS.glob("*")) if folder.name in table]
    held = table[inputs].notna().any(axis=1)
    for name in inputs:
        table[name] = table[name].where(~table[name].isin(read_quarantine(paths.EMBEDDINGS / name)))
    return table[~held | table[inputs].notna().any(axis=1)].reset_index(drop=True)


def of_split(table: pd.DataFrame, split: str) -> pd.DataFrame:
    """The rows of one split, numbered from 0."""
    return table[table[SPLIT] == split].reset_index(drop=True)


def read_rows(
    table: pd.DataFrame, inputs: Iterable[str], targets: Mapping[str, Learnt], folder: Path = paths.EMBEDDINGS
) -> "Rows":
    """Rows of a table with the features that the embed stage wrote for their inputs."""
    import torch

    from sensorium.training.data import Rows

    features, items = {}, {}
    for name in inputs:
        existing(folder / name, made_by=f"embed {name}")
        digests, array = read_features(folder / name)
        place = pd.Series(range(len(digests)), index=digests)
        features[name] = torch.from_numpy(array)
        items[name] = torch.tensor(table[name].map(place).fillna(-1).astype(int).to_numpy())
    labels = {name: torch.from_numpy(target.truth(table[name])) for name, target in targets.items()}
    return Rows(features, items, labels, torch.tensor(table["group"].to_numpy()))
