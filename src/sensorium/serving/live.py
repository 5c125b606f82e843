"""A model in service: its networks, the batches they run, and what is known of it."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from sensorium.serving import settings
from sensorium.serving.batching import Batcher
from sensorium.serving.drift import Drift, read_projections
from sensorium.serving.metrics import BATCH, DRIFT, STEP
from sensorium.serving.predictor import Predictor, Prepared
from sensorium.serving.settings import Serve

CHAMPION, CHALLENGER = "champion", "challenger"


class Workers:
    """Threads that run batches, one each."""

    def __init__(self, count: int, name: str) -> None:
        self.count = count
        self.threads = ThreadPoolExecutor(count, thread_name_prefix=name)


@dataclass(frozen=True)
class Asked:
    """A sample on its way through the networks.

    Attributes:
        prepared: what the networks read.
        views: which inputs the model is to see ``[views, inputs]``.
    """

    prepared: Prepared
    views: np.ndarray


@dataclass(frozen=True)
class Seen:
    """What came out.

    Attributes:
        shares: probabilities ``[views, classes]`` by target.
        seconds: that its batch took, by step.
    """

    shares: Mapping[str, np.ndarray]
    seconds: Mapping[str, float]


class Live:
    """A loaded model, run in batches.

    Args:
        predictor: the model.
        serve: how it answers.
        lineage: where it comes from.
        role: champion or challenger.
        workers: where batches run.
        drift: remembers what came.
    """

    def __init__(
        self,
        predictor: Predictor,
        serve: Serve,
        lineage: Mapping[str, Any],
        role: str,
        workers: Workers,
        drift: Drift,
    ) -> None:
        self.predictor, self.serve, self.lineage, self.role = predictor, serve, lineage, role
        self.threads = workers.threads
        self._drift = drift
        self._batcher: Batcher[Asked, Seen] = Batcher(
            self._run, serve.batch, workers.count, workers.threads, BATCH.labels(role).observe
        )

    @classmethod
    def load(cls, folder: Path, role: str, workers: Workers) -> "Live":
        """Opens and warms a model, so that its first request is as fast as any.

        Raises:
            UserError: if its files are not what was packaged.
        """
        predictor = Predictor.load(folder)
        serve, lineage = settings.read(folder)
        drift = Drift(read_projections(folder) if role == CHAMPION else {})
        example = {name: kind.accept(kind.example()) for name, kind in predictor.inputs.items()}
        predictor.predict([example])
        return cls(predictor, serve, lineage, role, workers, drift)

    @property
    def version(self) -> str:
        """The model's."""
        return self.predictor.version

    async def ask(self, asked: Asked) -> tuple[Seen, float]:
        """The probabilities of a sample, and the seconds it waited for its batch."""
        return await self._batcher.submit(asked)

    def accept(self, raw: Mapping[str, Any]) -> Prepared:
        """Raw values decoded, cleaned and prepared for the networks, in the order of the model's inputs.

        Raises:
            BadInput: naming the input that cannot be used.
        """
        sample = self.predictor.accept(raw)
        return self.predictor.prepare({name: sample[name] for name in self.predictor.inputs if name in sample})

    def _run(self, batch: Sequence[Asked]) -> list[Seen]:
        started = perf_counter()
        features = self.predictor.features([asked.prepared for asked in batch])
        encoded = perf_counter()
        shares = self.predictor.look(features, [asked.views for asked in batch])
        seconds = {"encode": encoded - started, "fuse": perf_counter() - encoded}
        if self.role == CHAMPION:
            for step, duration in seconds.items():
                STEP.labels(step).observe(duration)
        for place, asked in enumerate(batch):
            for name in asked.prepared:
                self._drift.see(name, features[name][place])
        return [Seen(one, seconds) for one in shares]

    def show_drift(self) -> None:
        """Tells Prometheus how far the latest inputs lie from the reference."""
        for name in self.predictor.inputs:
            if (index := self._drift.index(name)) is not None:
                DRIFT.labels(name).set(index)
