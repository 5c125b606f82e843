"""Predictions of test rows as the stages pass them on: a table with what is true and what is predicted."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sensorium.files import replacing
from sensorium.targets import Learnt


def write_predictions(
    path: Path,
    rows: pd.DataFrame,
    predictions: Mapping[str, np.ndarray],
    targets: Mapping[str, Learnt],
    more: Mapping[str, np.ndarray] | None = None,
) -> None:
    """Writes a row a test row.

    Args:
        path: a Parquet file.
        rows: with ``id``, ``group`` and the targets.
        predictions: by target ``[rows, columns]``.
        targets: what is predicted.
        more: other columns ``[rows]``.
    """
    columns: dict[str, Any] = {"id": rows["id"], "group": rows["group"]}
    for name, target in targets.items():
        columns |= {name: rows[name], **prediction_columns(name, target, predictions[name])}
    with replacing(path) as beside:
        pd.DataFrame({**columns, **(more or {})}).to_parquet(beside, index=False)


def prediction_columns(name: str, target: Learnt, predictions: np.ndarray) -> dict[str, np.ndarray]:
    """The columns that say what is predicted of a target ``[rows, columns]``."""
    return {f"{name}.{column}": cells for column, cells in target.cells(predictions).items()}


def read_predictions(table: pd.DataFrame, name: str, target: Learnt) -> np.ndarray:
    """The predictions ``[rows, columns]`` of a target that `write_predictions` wrote."""
    return table[[f"{name}.{column}" for column in target.columns]].to_numpy()
