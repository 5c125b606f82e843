"""Writes a model's reference: what it read and predicted on validation rows, which drift is measured against.

``reference.parquet`` has a row for each validation row. Training rows would not do: the model is more confident about
them than about new ones. Its columns are in `sensorium.monitoring.names`. ``reference.npz`` has what the service needs
of the reference: see `sensorium.runtime.profile`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sensorium.dataset.served import ServedRows, encode_values, fuse_rows
from sensorium.encoders.tokens import filled
from sensorium.modalities import Modality
from sensorium.monitoring import names
from sensorium.runtime import drift, profile
from sensorium.runtime.predictor import Predictor
from sensorium.runtime.profile import Profile
from sensorium.stats.scale import BOUND, scale

AXES = 8  # of each input's features
TABLE = "reference.parquet"
GROUPED_BY = "grouped_by"  # array of reference.npz: inputs by whose values rows are grouped into units


@dataclass(frozen=True)
class ReferenceContext:
    """What a reference needs besides the inputs of its rows.

    Attributes:
        units: number of the unit of every row ``[rows]``; rows of one unit are not independent.
        labels: true classes ``[rows]`` by target, ``None`` where they are not known.
        grouped_by: inputs by whose values rows are grouped into units.
        training: values of training rows, of those inputs that consist of names.
        features: of training rows, by input ``[values, tokens, dim]``. The principal axes are fitted to them rather
            than to the reference: rows vary most on axes that were fitted to them, which would look like drift.
    """

    units: np.ndarray
    labels: Mapping[str, Iterable[str | None]]
    grouped_by: list[str]
    training: Mapping[str, Iterable[Any]]
    features: Mapping[str, np.ndarray]


def write_reference(folder: Path, predictor: Predictor, rows: ServedRows, known: ReferenceContext) -> None:
    """Writes both files of a reference.

    Args:
        folder: of the model, which exists.
        predictor: the model as it will be served.
        rows: validation rows.
        known: units and labels of the same rows, and training rows.
    """
    features = {name: encode_values(predictor, name, values) for name, values in rows.values.items()}
    arrays: dict[str, np.ndarray] = {GROUPED_BY: np.array(known.grouped_by, dtype=np.str_)}
    for name, values in rows.values.items():
        arrays |= _projection(name, features[name], known.features[name])
        arrays |= _values(name, predictor.inputs[name], values)
        if name in known.training:
            arrays[f"{name}.names"] = _checksums(predictor.inputs[name], known.training[name])
    columns: dict[str, Any] = {names.UNIT: known.units}
    for name, items in rows.items.items():
        columns[names.present(name)] = items >= 0
        columns |= _input_columns(
            name, predictor.inputs[name], rows.values[name], features[name], items, Profile(arrays)
        )
    for name, outputs in fuse_rows(predictor, features, rows.items).items():
        target = predictor.targets[name]
        columns[names.label(name)] = list(known.labels[name])
        for column, cells in zip(target.columns, target.predict(outputs).T, strict=True):
            columns[names.prediction(name, column)] = cells
    pd.DataFrame(columns).to_parquet(folder / TABLE, index=False)
    np.savez(folder / profile.FILE, **arrays)  # type: ignore[arg-type]


def principal_axes(features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The mean ``[dim]`` of features ``[values, dim]`` and the axes ``[dim, at most 8]`` along which they vary most.

    The largest number of each axis is positive, so that the same features give the same axes.
    """
    if not len(features):
        return np.zeros(features.shape[1], np.float32), np.zeros((features.shape[1], 0), np.float32)
    centre, deviation = scale(features)
    near = np.clip(features.astype(np.float64), centre - BOUND * deviation, centre + BOUND * deviation)
    mean = near.mean(0)
    _, _, axes = np.linalg.svd(near - mean, full_matrices=False)
    axes = axes[:AXES].T
    largest = np.abs(axes).argmax(0)
    return mean.astype(np.float32), (axes * np.sign(axes[largest, range(axes.shape[1])])).astype(np.float32)


def _input_columns(
    name: str, kind: Modality, values: Sequence[Any], features: np.ndarray, items: np.ndarray, known: Profile
) -> dict[str, Any]:
    """Descriptors and axes of an input's rows; missing where a row lacks it."""
    described = [known.describe(name, kind, value) for value in values]
    descriptors = pd.DataFrame(
        [{names.descriptor(name, what): cell for what, cell in one.items()} for one in described]
    )
    axes: Iterable[np.ndarray] = known.onto_axes(name, features).T if not kind.describes_content else []
    coordinates = pd.DataFrame({names.axis(name, number): places for number, places in enumerate(axes)})
    table = pd.concat([descriptors, coordinates], axis=1).reindex(
        items
    )  # there is no -1, so nothing is found where it points
    return {str(column): table[column].to_numpy() for column in table}


def _projection(name: str, features: np.ndarray, training_features: np.ndarray) -> dict[str, np.ndarray]:
    mean, axes = principal_axes(_flat(training_features))
    coordinates = (_flat(features).astype(np.float64) - mean) @ axes
    return {f"{name}.mean": mean, f"{name}.axes": axes, f"{name}.tenths": _tenths(coordinates)}


def _flat(features: np.ndarray) -> np.ndarray:
    """Features ``[values, tokens * dim]``."""
    return filled(features).reshape(len(features), int(np.prod(features.shape[1:])))


def _values(name: str, kind: Modality, values: Sequence[Any]) -> dict[str, np.ndarray]:
    """Quantiles of the descriptors that are the content itself."""
    if not kind.describes_content or not values:
        return {}
    descriptors = pd.DataFrame([kind.describe(value) for value in values])
    return {
        f"{name}.values.{column}": _tenths(descriptors[[column]].dropna().to_numpy(np.float64))[0]
        for column in descriptors
        if descriptors[column].notna().any()
    }


def _checksums(kind: Modality, values: Iterable[Any]) -> np.ndarray:
    return np.unique(profile.checksums({name for value in values for name in kind.names(value)}))


def _tenths(coordinates: np.ndarray) -> np.ndarray:
    """The quantiles ``[axes, 9]`` that divide values ``[values, axes]`` into tenths."""
    if not len(coordinates):
        return np.zeros((coordinates.shape[1], drift.TENTHS - 1), np.float32)
    return np.quantile(coordinates, np.arange(1, drift.TENTHS) / drift.TENTHS, axis=0).T.astype(np.float32)
