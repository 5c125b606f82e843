"""What the model saw and said before it was deployed: it travels with the model, and drift is measured against it.

``reference.parquet`` has a row for each of many validation rows: weights were not fitted to them, so that the model's
confidence there is nearer to that on new rows than on training rows. Its columns are ``present.INPUT``,
``INPUT.DESCRIPTOR``, ``INPUT.axis.N`` (the features on their principal axes) and ``TARGET.probability.CLASS``;
``reference.npz`` holds ``INPUT.mean`` and ``INPUT.axes``, which put new features on the same axes, and ``INPUT.tenths``
``[axes, 9]``, which part these rows into tenths on each.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import softmax

from sensorium.dataset.served import ServedRows, encode_values, fuse_rows
from sensorium.serving import drift
from sensorium.serving.predictor import Predictor

AXES = 8  # of each input's features
TABLE = "reference.parquet"


def write_reference(folder: Path, predictor: Predictor, rows: ServedRows) -> None:
    """Writes both files into an existing folder.

    Args:
        folder: of the model.
        predictor: the model as it will be served.
        rows: of validation.
    """
    columns: dict[str, np.ndarray] = {}
    projections: dict[str, np.ndarray] = {}
    features = {name: encode_values(predictor, name, values) for name, values in rows.values.items()}
    for name, items in rows.items.items():
        columns[f"present.{name}"] = items >= 0
        descriptors = pd.DataFrame([predictor.inputs[name].describe(value) for value in rows.values[name]])
        for descriptor in descriptors:
            columns[f"{name}.{descriptor}"] = _of_rows(descriptors[descriptor].to_numpy(np.float64), items)
        flat = features[name].reshape(len(features[name]), int(np.prod(features[name].shape[1:])))
        mean, axes = principal_axes(flat)
        onto = (flat - mean) @ axes
        projections |= {f"{name}.mean": mean, f"{name}.axes": axes, f"{name}.tenths": _tenths(onto)}
        for number, values in enumerate(onto.T):
            columns[f"{name}.axis.{number}"] = _of_rows(values, items)
    for target, logits in fuse_rows(predictor, features, rows.items).items():
        for place, shares in zip(predictor.targets[target], softmax(logits, axis=1).T, strict=True):
            columns[f"{target}.probability.{place}"] = shares
    pd.DataFrame(columns).to_parquet(folder / TABLE, index=False)
    np.savez(folder / drift.FILE, **projections)  # type: ignore[arg-type]


def principal_axes(features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The mean ``[dim]`` of features ``[values, dim]`` and the axes ``[dim, at most 8]`` along which they vary most.

    The largest number of each axis is positive, so that the same features give the same axes.
    """
    if not len(features):
        return np.zeros(features.shape[1], np.float32), np.zeros((features.shape[1], 0), np.float32)
    mean = features.mean(0)
    _, _, axes = np.linalg.svd(features - mean, full_matrices=False)
    axes = axes[:AXES].T
    largest = np.abs(axes).argmax(0)
    return mean.astype(np.float32), (axes * np.sign(axes[largest, range(axes.shape[1])])).astype(np.float32)


def _tenths(onto: np.ndarray) -> np.ndarray:
    """What parts values ``[values, axes]`` into tenths, ``[axes, 9]``."""
    if not len(onto):
        return np.zeros((onto.shape[1], drift.TENTHS - 1), np.float32)
    return np.quantile(onto, np.arange(1, drift.TENTHS) / drift.TENTHS, axis=0).T.astype(np.float32)


def _of_rows(values: np.ndarray, items: np.ndarray) -> np.ndarray:
    """Of every row the number of its value; not-a-number where it has none."""
    return np.append(values, np.nan)[items]
