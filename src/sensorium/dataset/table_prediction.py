"""A model predicts rows of a table, as the service would answer each of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from sensorium.data_root import DataRoot, Files
from sensorium.dataset.predictions import prediction_columns
from sensorium.dataset.served import BATCH
from sensorium.encoders.encoder import encode_each
from sensorium.encoders.tokens import absent, padded, take
from sensorium.errors import BadInput
from sensorium.modalities import Modality
from sensorium.runtime.answers import TOO_FAR, are_finite
from sensorium.runtime.predictor import Predictor
from sensorium.runtime.settings import Serve
from sensorium.shards import shards

INPUTS, ERROR, MODEL = "answer.inputs", "answer.error", "answer.model_version"  # no input has a dot in its name
NOTHING = "every input is missing"


@dataclass(frozen=True)
class InputFeatures:
    """One input of some rows.

    Attributes:
        features: of its distinct values ``[values, tokens, dim]``.
        value_of: the place of a row's value among them; of no row where it is missing or bad.
        problem_of: why a row's value cannot be used.
    """

    features: np.ndarray
    value_of: Mapping[int, int]
    problem_of: Mapping[int, str]


def columns_read(inputs: Mapping[str, Modality]) -> list[str]:
    """The columns of a table that inputs are read from."""
    return list(dict.fromkeys(column for name, kind in inputs.items() for column in kind.columns(name)))


def abstained(target: str) -> str:
    """The column that says whether the model is too unsure for a label."""
    return f"{target}.abstained"


def predict_table(table: pa.Table, predictor: Predictor, serve: Serve, root: Path) -> dict[str, pa.Array]:
    """What the model predicts for every row.

    Args:
        table: columns that inputs are read from, and any others.
        predictor: the model.
        serve: the probability below which it abstains.
        root: the folder that paths in cells are relative to and may not leave.

    Returns:
        Columns by name. Of every target the prediction, the probabilities, and, of one that may abstain, whether the
        service would; null where there is no answer. Then the inputs used, null likewise; why others cannot be used, or
        why there is no answer; and the model's version.
    """
    known = [name for name in columns_read(predictor.inputs) if name in table.column_names]
    rows = table.select(known).to_pylist() if known else [{}] * table.num_rows
    files = DataRoot(root)
    read = {name: _read(predictor, name, rows, files) for name in predictor.inputs}
    used = [[name for name, one in read.items() if row in one.value_of] for row in range(len(rows))]
    errors = [_error(row, names, read) for row, names in enumerate(used)]
    predictions = _predictions(predictor, read, [row for row, names in enumerate(used) if names])
    for row in [row for row, of_targets in predictions.items() if not are_finite(of_targets)]:
        errors[row] = TOO_FAR
        del predictions[row]
    place_of = {row: place for place, row in enumerate(predictions)}
    places = pa.array([place_of.get(row) for row in range(len(rows))], pa.int64())
    columns = _columns_of_targets(predictor, serve, list(predictions.values()))
    return {name: cells.take(places) for name, cells in columns.items()} | {
        INPUTS: pa.array(
            [", ".join(names) if row in predictions else None for row, names in enumerate(used)], pa.string()
        ),
        ERROR: pa.array(errors, pa.string()),
        MODEL: pa.array([predictor.version] * len(rows), pa.string()),
    }


def _read(predictor: Predictor, name: str, rows: Sequence[Mapping[str, Any]], files: Files) -> InputFeatures:
    """Reads an input of the rows: equal cells once, and never more than a batch of values in memory."""
    columns = predictor.inputs[name].columns(name)
    rows_of: dict[str, list[int]] = {}
    for number, row in enumerate(rows):
        rows_of.setdefault(repr([row.get(column) for column in columns]), []).append(number)
    features: list[np.ndarray] = []
    value_of: dict[int, int] = {}
    problem_of: dict[int, str] = {}
    kind, encoder = predictor.inputs[name], predictor.encoders[name]
    for batch in shards(list(rows_of.values()), BATCH):
        values: list[tuple[list[int], Any]] = []
        for numbers in batch:
            try:
                value = kind.value(rows[numbers[0]], name, files)
                if value is not None:
                    values.append((numbers, value))
            except BadInput as problem:
                problem_of |= dict.fromkeys(numbers, f"{name}: {problem}")
        found = encode_each(*encoder, [value for _, value in values])
        for (numbers, _), one in zip(values, found, strict=True):
            if isinstance(one, str):
                problem_of |= dict.fromkeys(numbers, f"{name}: {one}")
            else:
                value_of |= dict.fromkeys(numbers, len(features))
                features.append(one)
    tokens, dim = predictor.shapes[name]
    return InputFeatures(padded(features, tokens) if features else absent(0, tokens, dim), value_of, problem_of)


def _error(row: int, used: Sequence[str], read: Mapping[str, InputFeatures]) -> str | None:
    """Why a row gets no answer, or is answered without some input."""
    problems = [one.problem_of[row] for one in read.values() if row in one.problem_of]
    return "; ".join(problems) or (None if used else NOTHING)


def _predictions(
    predictor: Predictor, read: Mapping[str, InputFeatures], rows: Sequence[int]
) -> dict[int, dict[str, np.ndarray]]:
    """Predictions ``[columns]`` by target of the rows."""
    if not rows:
        return {}
    features = {
        name: take(one.features, np.array([one.value_of.get(row, -1) for row in rows])) for name, one in read.items()
    }
    masks = [np.array([[row in one.value_of for one in read.values()]]) for row in rows]
    found = predictor.predictions(features, masks)
    return {row: {target: of[0] for target, of in one.items()} for row, one in zip(rows, found, strict=True)}


def _columns_of_targets(
    predictor: Predictor, serve: Serve, predictions: Sequence[Mapping[str, np.ndarray]]
) -> dict[str, pa.Array]:
    """The columns of every target, from the predictions of answered rows."""
    columns: dict[str, pa.Array] = {}
    for target, learnt in predictor.targets.items():
        of_rows = np.array([one[target] for one in predictions], np.float64).reshape(-1, len(learnt.columns))
        for name, cells in prediction_columns(target, learnt, of_rows).items():
            columns[name] = pa.array(cells, pa.string()) if cells.dtype == object else pa.array(learnt.rounded(cells))
        if learnt.may_abstain:
            threshold = serve.threshold(target)
            unsure = [learnt.abstains(one[target], threshold) for one in predictions]
            columns[abstained(target)] = pa.array(unsure, pa.bool_())
    return columns
