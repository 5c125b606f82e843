"""A model in service: runs its networks in batches, with its settings and its reference."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from sensorium.encoders.encoder import Arrays
from sensorium.modalities.descriptors import Descriptors
from sensorium.modalities.request_fields import with_column_names
from sensorium.runtime import settings
from sensorium.runtime.drift import Drift
from sensorium.runtime.predictor import Predictor, Prepared, Taken
from sensorium.runtime.profile import Profile
from sensorium.runtime.settings import Settings
from sensorium.serving.batching import Batcher
from sensorium.serving.beside import Beside
from sensorium.serving.cores import cores
from sensorium.serving.metrics import BATCH, DRIFT, STEP

CHAMPION, CHALLENGER = "champion", "challenger"


class Workers:
    """Threads that run batches, one each."""

    def __init__(self, count: int, name: str) -> None:
        self.count = count
        self.threads = ThreadPoolExecutor(count, thread_name_prefix=name)


@dataclass(frozen=True)
class Accepted:
    """A sample that was accepted.

    Attributes:
        prepared: the arrays that the networks read, by input.
        descriptors: of every input, as they are logged.
        unread: why other inputs cannot use what was given to them.
    """

    prepared: Prepared
    descriptors: Mapping[str, Descriptors]
    unread: Mapping[str, str]


@dataclass(frozen=True)
class Query:
    """What a sample asks of the networks.

    Attributes:
        prepared: the arrays that the networks read, by input.
        masks: which inputs are present ``[masks, inputs]``.
    """

    prepared: Prepared
    masks: np.ndarray


@dataclass(frozen=True)
class Outputs:
    """What the networks give for a sample.

    Attributes:
        predictions: ``[masks, columns]`` by target.
        axes: where every input given lies on the axes of the reference ``[axes]``.
        seconds: that its batch took, by step.
    """

    predictions: Mapping[str, np.ndarray]
    axes: Mapping[str, np.ndarray]
    seconds: Mapping[str, float]


class Live:
    """A loaded model, run in batches.

    Args:
        predictor: the model.
        settings: how it answers, what is kept, where it comes from.
        role: champion or challenger.
        workers: where batches run.
        profile: its training reference.
    """

    def __init__(self, predictor: Predictor, settings: Settings, role: str, workers: Workers, profile: Profile) -> None:
        self.predictor, self.role, self.profile = predictor, role, profile
        self.serve, self.keep, self.lineage = settings.serve, settings.keep, settings.lineage
        self.title, self.choices = settings.title, settings.choices
        self.examples = [with_column_names(example, predictor.fields) for example in settings.examples]
        self.threads = workers.threads
        self._drift = Drift(profile)
        self._beside = Beside(cores(), f"{role} beside")
        self._batcher: Batcher[Query, Outputs] = Batcher(
            self._run, self.serve.batch, workers.count, workers.threads, BATCH.labels(role).observe
        )

    @classmethod
    def load(cls, folder: Path, role: str, workers: Workers) -> "Live":
        """Opens and warms a model, so that its first request is as fast as any.

        Raises:
            UserError: if its files are not what was packaged.
        """
        predictor = Predictor.load(folder)
        live = cls(predictor, settings.read(folder), role, workers, Profile.read(folder))
        example = live._accepted(
            Taken({name: kind.accept(kind.example()) for name, kind in predictor.inputs.items()}, {})
        )
        predictor.predictions(predictor.features([example.prepared]), [np.ones((1, len(predictor.inputs)), bool)])
        return live

    @property
    def version(self) -> str:
        """The model's."""
        return self.predictor.version

    async def ask(self, query: Query) -> tuple[Outputs, float]:
        """The predictions of a sample, and the seconds it waited for its batch."""
        return await self._batcher.submit(query)

    def accept(self, raw: Mapping[str, Any]) -> Accepted:
        """Raw values decoded, cleaned, prepared for the networks in the order of the model's inputs, and described.

        Raises:
            BadInput: naming the value that cannot be used.
        """
        return self._accepted(self.predictor.take(raw, self._beside.all))

    def _accepted(self, taken: Taken) -> Accepted:
        parts = self._beside.all([partial(self._prepared, name, value) for name, value in taken.sample.items()])
        prepared, descriptors = (dict(zip(taken.sample, one, strict=True)) for one in zip(*parts, strict=True))
        return Accepted(prepared, descriptors, taken.unread)

    def _prepared(self, name: str, value: Any) -> tuple[Arrays, Descriptors]:
        descriptors = self.profile.describe(name, self.predictor.inputs[name], value)
        return self.predictor.prepare_one(name, value), descriptors

    def _run(self, batch: Sequence[Query]) -> list[Outputs]:
        started = perf_counter()
        features = self.predictor.features([query.prepared for query in batch], self._beside.all)
        encoded = perf_counter()
        predictions = self.predictor.predictions(features, [query.masks for query in batch])
        seconds = {"encode": encoded - started, "fuse": perf_counter() - encoded}
        if self.role == CHAMPION:
            for step, duration in seconds.items():
                STEP.labels(step).observe(duration)
        axes = {name: self.profile.onto_axes(name, array) for name, array in features.items()}
        given = [{name: axes[name][place] for name in query.prepared} for place, query in enumerate(batch)]
        for onto in given:
            for name, coordinates in onto.items():
                self._drift.add(name, coordinates)
        return [Outputs(one, onto, seconds) for one, onto in zip(predictions, given, strict=True)]

    def show_drift(self) -> None:
        """Sets the gauges of drift for Prometheus."""
        for name in self.predictor.inputs:
            if (index := self._drift.index(name)) is not None:
                DRIFT.labels(name).set(index)
