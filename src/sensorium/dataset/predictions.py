"""Predictions of test rows as the stages pass them on: a table with labels, predictions and probabilities."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sensorium.files import replacing


def write_predictions(
    path: Path,
    rows: pd.DataFrame,
    probabilities: Mapping[str, np.ndarray],
    classes: Mapping[str, list[str]],
    more: Mapping[str, np.ndarray] | None = None,
) -> None:
    """Writes a row a test row.

    Args:
        path: a Parquet file.
        rows: with ``id``, ``group`` and the targets.
        probabilities: by target ``[rows, classes]``.
        classes: their names, by target.
        more: other columns ``[rows]``.
    """
    columns: dict[str, Any] = {"id": rows["id"], "group": rows["group"]}
    for target, names in classes.items():
        columns |= {target: rows[target], **prediction_columns(target, names, probabilities[target])}
    with replacing(path) as beside:
        pd.DataFrame({**columns, **(more or {})}).to_parquet(beside, index=False)


def prediction_columns(target: str, classes: list[str], probabilities: np.ndarray) -> dict[str, np.ndarray]:
    """The columns that say what is predicted of a target: the likeliest class, and all probabilities.

    Args:
        target: its name.
        classes: their names.
        probabilities: ``[rows, classes]``.
    """
    likeliest = np.array(classes, dtype=object)[probabilities.argmax(1)]
    of_class = {_column(target, name): probabilities[:, place] for place, name in enumerate(classes)}
    return {f"{target}.predicted": likeliest, **of_class}


def probabilities_of(table: pd.DataFrame, target: str, classes: Iterable[str]) -> np.ndarray:
    """The probabilities ``[rows, classes]`` of a target that `write_predictions` wrote."""
    return table[[_column(target, name) for name in classes]].to_numpy()


def targets_in(table: pd.DataFrame) -> list[str]:
    """The targets that `write_predictions` wrote."""
    end = ".predicted"
    return [name.removesuffix(end) for name in map(str, table) if name.endswith(end) and name.count(".") == 1]


def classes_in(table: pd.DataFrame, target: str) -> list[str]:
    """The classes of a target, in the order of its probabilities."""
    start = _column(target, "")
    return [str(name).removeprefix(start) for name in table if str(name).startswith(start)]


def _column(target: str, name: str) -> str:
    return f"{target}.probability.{name}"
