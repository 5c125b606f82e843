"""What the model saw and said before it was deployed: it travels with the model, and drift is measured against it.

``reference.parquet`` has a row for each of many validation rows: weights were not fitted to them, so that the model's
confidence there is nearer to that on new rows than on training rows. Its columns are in `sensorium.monitoring.names`.
``reference.npz`` is what the service needs of it: see `sensorium.runtime.profile`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sensorium.dataset.served import ServedRows, encode_values, fuse_rows
from sensorium.modalities import Modality
from sensorium.monitoring import names
from sensorium.runtime import drift, profile
from sensorium.runtime.predictor import Predictor
from sensorium.runtime.profile import Profile
from sensorium.stats.scale import BOUND, scale

AXES = 8  # of each input's features
TABLE = "reference.parquet"
GROUPED_BY = "grouped_by"  # in the arrays: inputs whose equal values bind rows together


@dataclass(frozen=True)
class Known:
    """What is known of the reference's rows besides their inputs.

    Attributes:
        units: a number ``[rows]``; rows of one unit are not independent.
        labels: true classes ``[rows]`` by target, None where they are not known.
        grouped_by: inputs whose equal values make rows one unit.
        training: the training rows' values of those inputs that consist of names.
        features: of every input ``[values, tokens, dim]``, of training rows. The axes are fitted to them, since rows
            that axes were fitted to vary more on them than any others, which would be found as drift.
    """

    units: np.ndarray
    labels: Mapping[str, Iterable[str | None]]
    grouped_by: list[str]
    training: Mapping[str, Iterable[Any]]
    features: Mapping[str, np.ndarray]


def write_reference(folder: Path, predictor: Predictor, rows: ServedRows, known: Known) -> None:
    """Writes both files into an existing folder.

    Args:
        folder: of the model.
        predictor: the model as it will be served.
        rows: of validation.
        known: of the same rows.
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
        columns |= _of_input(name, predictor.inputs[name], rows.values[name], features[name], items, Profile(arrays))
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


def _of_input(
    name: str, kind: Modality, values: list[Any], features: np.ndarray, items: np.ndarray, known: Profile
) -> dict[str, Any]:
    """Descriptors and axes of an input's rows; missing where a row lacks it."""
    told = [known.describe(name, kind, value) for value in values]
    said = pd.DataFrame([{names.descriptor(name, what): cell for what, cell in one.items()} for one in told])
    axes: Iterable[np.ndarray] = known.onto_axes(name, features).T if not kind.describes_content else []
    onto = pd.DataFrame({names.axis(name, number): places for number, places in enumerate(axes)})
    table = pd.concat([said, onto], axis=1).reindex(items)  # there is no -1, so nothing is found where it points
    return {str(column): table[column].to_numpy() for column in table}


def _projection(name: str, features: np.ndarray, fitted_to: np.ndarray) -> dict[str, np.ndarray]:
    mean, axes = principal_axes(_flat(fitted_to))
    onto = (_flat(features).astype(np.float64) - mean) @ axes
    return {f"{name}.mean": mean, f"{name}.axes": axes, f"{name}.tenths": _tenths(onto)}


def _flat(features: np.ndarray) -> np.ndarray:
    """Features ``[values, tokens * dim]``."""
    return features.reshape(len(features), int(np.prod(features.shape[1:])))


def _values(name: str, kind: Modality, values: list[Any]) -> dict[str, np.ndarray]:
    """Tenths of the descriptors that are the content itself."""
    if not kind.describes_content or not values:
        return {}
    said = pd.DataFrame([kind.describe(value) for value in values])
    return {
        f"{name}.values.{column}": _tenths(said[[column]].dropna().to_numpy(np.float64))[0]
        for column in said
        if said[column].notna().any()
    }


def _checksums(kind: Modality, values: Iterable[Any]) -> np.ndarray:
    return np.unique(profile.checksums({name for value in values for name in kind.names(value)}))


def _tenths(onto: np.ndarray) -> np.ndarray:
    """What parts values ``[values, axes]`` into tenths, ``[axes, 9]``."""
    if not len(onto):
        return np.zeros((onto.shape[1], drift.TENTHS - 1), np.float32)
    return np.quantile(onto, np.arange(1, drift.TENTHS) / drift.TENTHS, axis=0).T.astype(np.float32)
