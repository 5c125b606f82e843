"""Predictions for corrupted inputs: every corruption of every input, in every strength."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from sensorium.dataset import embedding
from sensorium.encoders.tokens import padded
from sensorium.engine import HERE, Engine
from sensorium.modalities import Modality
from sensorium.modalities.modality import STRENGTHS
from sensorium.models.network import Network
from sensorium.training.data import Rows
from sensorium.training.forward import predict


@dataclass(frozen=True)
class Change:
    """One input of every row under one corruption of one strength."""

    name: str
    corruption: str
    strength: int

    @property
    def address(self) -> tuple[str, str, str]:
        """Where its figures are kept."""
        return self.name, self.corruption, STRENGTHS[self.strength]


def changes(inputs: Mapping[str, Modality]) -> list[Change]:
    """Every corruption that the inputs' kinds know, in every strength."""
    return [
        Change(name, corruption, strength)
        for name, kind in inputs.items()
        for corruption in kind.corruptions
        for strength in range(len(STRENGTHS))
    ]


def sample(rows: int, most: int, seed: int = 0) -> np.ndarray:
    """At most so many of the rows, chosen at random, in their order."""
    return np.sort(np.random.default_rng(seed).permutation(rows)[:most])


@dataclass(frozen=True)
class Corrupted:
    """What is predicted of rows under a change.

    Attributes:
        lost: whether a row's damaged value cannot be encoded ``[rows]``; nothing is predicted of it.
        brief: by target what is kept of the predictions ``[rows, few]``.
    """

    lost: np.ndarray
    brief: Mapping[str, np.ndarray]


def predict_corrupted(
    network: Network,
    table: pd.DataFrame,
    rows: Rows,
    inputs: Mapping[str, Modality],
    folder: Path,
    engine: Engine = HERE,
) -> dict[Change, Corrupted]:
    """What is predicted under every change; other inputs stay as they are.

    Args:
        network: in evaluation mode.
        table: the rows' digests by input.
        rows: the same rows with their features.
        inputs: as declared.
        folder: a folder of prepared values an input.
        engine: who embeds damaged values.

    Returns:
        Nothing where there are no rows.
    """
    if table.empty:
        return {}
    jobs = {
        change: embedding.Job(
            inputs[change.name],
            folder / change.name,
            list(table[change.name].dropna().unique()),
            change.corruption,
            change.strength,
        )
        for change in changes(inputs)
    }
    problems = embedding.embed(list(jobs.values()), "embedding corrupted inputs", engine)
    found = {}
    for change, job in jobs.items():
        damaged = embedding.features(job, problems)
        outputs = predict(network, _with_features(rows, change.name, table[change.name], damaged))
        lost = table[change.name].notna() & ~table[change.name].isin(list(damaged))
        brief = {name: target.brief(target.predict_from(outputs[name])) for name, target in network.targets.items()}
        found[change] = Corrupted(lost.to_numpy(), brief)
    return found


def _with_features(rows: Rows, name: str, digests: pd.Series, found: Mapping[str, np.ndarray]) -> Rows:
    """The same rows with other features of one input."""
    if not found:
        return rows
    place = digests.map({digest: number for number, digest in enumerate(found)}).fillna(-1).astype(int).to_numpy()
    features = rows.features | {name: torch.from_numpy(padded(list(found.values()), rows.features[name].shape[1]))}
    return Rows(features, rows.items | {name: torch.from_numpy(place)}, rows.labels)
