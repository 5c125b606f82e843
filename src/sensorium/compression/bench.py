"""Candidates side by side: how good on the same rows, how large, how fast."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from sensorium.compression.candidates import Part, assemble
from sensorium.compression.choice import Measured
from sensorium.dataset.served import ServedRows, encode_values, fuse_rows
from sensorium.models.network import Network
from sensorium.serving import artefact
from sensorium.serving.predictor import Predictor, Sample

WARM_UP = 3


@dataclass
class Bench:
    """Builds and measures candidates of one model; features are computed once for each form of an encoder.

    Attributes:
        parts: by input.
        network: the fusion network.
        rows: to measure on.
        labels: of every target, the class of each row ``[rows]``; -1 where it is not known.
        timed: samples to predict one by one.
        work: a folder for the candidates.
    """

    parts: Mapping[str, Part]
    network: Network
    rows: ServedRows
    labels: Mapping[str, np.ndarray]
    timed: Sequence[Sample]
    work: Path
    _features: dict[tuple[str, bool], np.ndarray] = field(default_factory=dict)
    _predictors: dict[frozenset[str], Predictor] = field(default_factory=dict)

    def folder(self, int8: frozenset[str]) -> Path:
        """Where the candidate with these int8 inputs lies."""
        return self.work / ("candidate-" + "-".join(sorted(int8)))

    def predictor(self, int8: frozenset[str]) -> Predictor:
        """The candidate with these int8 inputs, loaded as serving does."""
        if int8 not in self._predictors:
            assemble(self.parts, self.network, int8, self.folder(int8))
            self._predictors[int8] = Predictor(self.folder(int8))
        return self._predictors[int8]

    def features(self, name: str, int8: frozenset[str]) -> np.ndarray:
        """Features ``[values, tokens, dim]`` of an input's test values by the form of its encoder in a candidate."""
        form = (name, name in int8)
        if form not in self._features:
            self._features[form] = encode_values(self.predictor(int8), name, self.rows.values[name])
        return self._features[form]

    def logits(self, int8: frozenset[str]) -> dict[str, np.ndarray]:
        """A candidate's logits ``[rows, classes]`` by target."""
        features = {name: self.features(name, int8) for name in self.rows.items}
        return fuse_rows(self.predictor(int8), features, self.rows.items)

    def measure(self, int8: frozenset[str]) -> Measured:
        """All figures of a candidate; its time is taken in turns with that of the uncompressed model."""
        logits = self.logits(int8)
        accuracy = {
            target: float((logits[target].argmax(1) == known)[known >= 0].mean())
            for target, known in self.labels.items()
        }
        reference, times = latencies([self.predictor(frozenset()), self.predictor(int8)], self.timed)
        slowdown = float(np.median(times) / np.median(reference)) if int8 else 1.0
        return Measured(int8, accuracy, artefact.size(self.folder(int8)), times, slowdown)


def latencies(predictors: Sequence[Predictor], samples: Sequence[Sample]) -> list[list[float]]:
    """Milliseconds of every single prediction, a list a predictor.

    The predictors take turns on each sample, so that what else the machine does hits all alike.
    """
    for predictor in predictors:
        for sample in samples[:WARM_UP]:
            predictor.predict([sample])
    taken: list[list[float]] = [[] for _ in predictors]
    for sample in samples:
        for predictor, times in zip(predictors, taken, strict=True):
            start = time.perf_counter()
            predictor.predict([sample])
            times.append(1000 * (time.perf_counter() - start))
    return taken


def relative_difference(one: np.ndarray, other: np.ndarray) -> float:
    """The largest difference between two arrays, as a share of the largest number in the first."""
    if not one.size:
        return 0.0
    return float(np.abs(one - other).max() / max(np.abs(one).max(), np.finfo(np.float32).tiny))
