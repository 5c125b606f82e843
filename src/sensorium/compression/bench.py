"""Candidates side by side on the same rows: how good, how alike, how large, how fast."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sensorium.compression import cold_start
from sensorium.compression.choice import Candidate, Chosen, Cost, acceptable
from sensorium.compression.forms import CALIBRATED, EXACT
from sensorium.compression.latency import interleaved, ratio
from sensorium.compression.parity import SAME, difference
from sensorium.compression.parts import (
    FP32,
    Part,
    Reader,
    assemble,
    export_encoder,
    export_fusion,
    fusion_batches,
)
from sensorium.compression.quality import Evaluator, Quality, similarity
from sensorium.compression.running import Job, Ran
from sensorium.compression.settings import FUSION
from sensorium.compression.trained import Trained
from sensorium.dataset.served import ServedRows, encode_values, fuse_rows
from sensorium.encoders.encoder import Arrays
from sensorium.encoders.tokens import filled, is_there, take
from sensorium.errors import UserError
from sensorium.models.onnx_network import OnnxNetwork
from sensorium.runtime.predictor import Predictor
from sensorium.targets import Learnt

BATCH = cold_start.BATCH
SINGLES, BATCHES = 30, 5  # times that a variant is timed with one value, and with a batch
Pieces = Sequence[Arrays]  # that go through a network one after another
PARTS = "parts"  # folder of their files
ROUNDS = 3  # times that a part is timed to know what it is of the whole


@dataclass
class Bench:
    """Measures variants of one model's parts; the features of every variant are computed once.

    Attributes:
        readers: by input.
        parts: by input, and the fusion.
        targets: what is predicted.
        rows: to measure on.
        evaluator: knows the uncompressed model's answers for them.
        examples: training values of every input.
        work: a folder for files.
    """

    readers: Mapping[str, Reader]
    parts: Mapping[str, Part]
    targets: Mapping[str, Learnt]
    rows: ServedRows
    evaluator: Evaluator
    examples: Mapping[str, Sequence[Any]]
    work: Path
    _features: dict[tuple[str, str], np.ndarray] = field(default_factory=dict)

    def kind(self, part: Part) -> str:
        """What a part reads: a kind of input, or the features of all (`FUSION`)."""
        return FUSION if part.name == FUSION else self.readers[part.name].kind.kind

    def predictor(self, chosen: Mapping[str, str]) -> Predictor:
        """The model with its parts in these variants; in fp32 where not said."""
        networks = {name: OnnxNetwork(part.files[chosen.get(name, FP32)]) for name, part in self.parts.items()}
        return assemble(self.readers, networks, self.targets, networks[FUSION])

    def logits(self, chosen: Mapping[str, str]) -> dict[str, np.ndarray]:
        """A model's outputs ``[rows, outputs]`` by target."""
        predictor = self.predictor(chosen)
        features = {name: self.features(predictor, name, chosen.get(name, FP32)) for name in self.readers}
        return fuse_rows(predictor, features, self.rows.items)

    def features(self, predictor: Predictor, name: str, variant: str) -> np.ndarray:
        """Features ``[values, tokens, dim]`` of an input's values by a variant of its encoder."""
        if (name, variant) not in self._features:
            self._features[name, variant] = encode_values(predictor, name, self.rows.values[name])
        return self._features[name, variant]

    def keeps(self, chosen: Chosen, max_drop: float) -> bool:
        """Whether a whole model loses no more than ``max_drop``, its interval included."""
        return acceptable(self.quality(chosen), max_drop)

    def quality(self, chosen: Mapping[str, str]) -> dict[str, Quality]:
        """How a whole model compares with the uncompressed one."""
        return self.evaluator.evaluate(self.logits(chosen), is_exact(chosen))

    def job(self, part: Part, variant: str, form: str = "", source: str = FP32) -> Job:
        """A variant to be run on the rows' values.

        Args:
            part: of the model.
            variant: its name.
            form: made of another variant first; none where the file is there.
            source: that other variant.
        """
        self.logits({})  # what the fusion reads
        arrays = part.folder / "arrays.npz"
        if not arrays.exists():
            np.savez(arrays, **max(self._arrays(part)[1], key=_bytes))  # type: ignore[arg-type]
        reader = None if (part.name, variant) in self._features else self.readers.get(part.name)
        return Job(
            part.name,
            form,
            part.files[source],
            part.path(variant),
            part.batches if form in CALIBRATED else (),
            arrays,
            reader.encoder.preprocess if reader else None,
            self.rows.values[part.name] if reader else (),
        )

    def measure(self, part: Part, variant: str, ran: Ran) -> Candidate | None:
        """A candidate's figures; one that does not run or answers no numbers is refused instead."""
        try:
            if ran.problem:
                raise UserError(ran.problem)
            part.files[variant] = part.path(variant)
            original = self._output(part, FP32, self.logits({}))
            if ran.features is not None:
                self._features[part.name, variant] = ran.features
            logits = self.logits({part.name: variant})
            made = self._output(part, variant, logits)
            if not np.isfinite(made).all():
                raise UserError("its answers are no numbers")
            if is_exact({part.name: variant}) and not difference(original, made) <= SAME:
                raise UserError("it computes something else than fp32")
            cost = self._cost(part, variant, ran.start, ran.memory)
        except UserError as error:
            part.refuse(variant, str(error))
            return None
        quality = self.quality({part.name: variant})
        return Candidate(part.name, variant, part.size(variant), similarity(made, original), quality, cost)

    def _output(self, part: Part, variant: str, logits: Mapping[str, np.ndarray]) -> np.ndarray:
        if part.name == FUSION:
            return np.concatenate(list(logits.values()), axis=1)
        return filled(self._features[part.name, variant])

    def _cost(self, part: Part, variant: str, start: float, memory: int) -> Cost:
        """Times of a part in turns with its fp32, with one thread."""
        runs = {name: _in_turn(OnnxNetwork(part.files[name])) for name in (variant, FP32)}
        singles, batch = self._arrays(part)
        single, several = interleaved(runs, singles, SINGLES), interleaved(runs, [batch], BATCHES, warm=False)
        slowdown, batch_slowdown = (ratio(times[variant], times[FP32]) for times in (single, several))
        share, batch_share = self._fractions[part.name]
        whole = 1 + max((slowdown - 1) * share, (batch_slowdown - 1) * batch_share)
        return Cost(single[variant], several[variant], slowdown, batch_slowdown, whole, start, memory)

    @cached_property
    def _fractions(self) -> dict[str, tuple[float, float]]:
        """Of every part, the share of the fp32 model's time that it takes, for one value and for a batch."""
        times = []
        for part in self.parts.values():
            singles, batch = self._arrays(part)
            run = {FP32: _in_turn(OnnxNetwork(part.files[FP32]))}
            taken = interleaved(run, singles, ROUNDS), interleaved(run, [batch], ROUNDS, warm=False)
            times.append([np.median(one[FP32]) for one in taken])
        fractions = np.array(times) / np.sum(times, axis=0)
        return {name: (float(one), float(several)) for name, (one, several) in zip(self.parts, fractions, strict=True)}

    def _arrays(self, part: Part) -> tuple[Sequence[Pieces], Pieces]:
        """What the part's network reads for single values, and for a batch, in the pieces that serving makes of it."""
        if part.name == FUSION:
            samples = self._fused(range(min(BATCH, len(next(iter(self.rows.items.values()))))))
            batch: Arrays = {name: np.concatenate([one[name] for one in samples]) for name in samples[0]}
            return [[one] for one in samples], [batch]
        preprocess = self.readers[part.name].encoder.preprocess
        values = self.rows.values[part.name] or self.examples[part.name]
        arrays = [preprocess(value) for value in values[:BATCH]]
        singles = [[preprocess.collate([one])] for one in arrays]
        return singles, [preprocess.collate([arrays[at] for at in places]) for places in preprocess.groups(arrays)]

    def _fused(self, rows: Sequence[int]) -> list[Arrays]:
        found = []
        for row in rows:
            arrays: Arrays = {}
            for name, items in self.rows.items.items():
                features = take(self._features[name, FP32], items[row : row + 1])
                arrays[f"features.{name}"] = filled(features)
                arrays[f"mask.{name}"] = is_there(features).astype(np.float32)
            found.append(arrays)
        return found


def make_bench(trained: Trained, test: pd.DataFrame, evaluator: Evaluator, calibration_rows: int, work: Path) -> Bench:
    """A model's parts as fp32, and the rows they are measured on.

    Args:
        trained: the model.
        test: rows to measure on.
        evaluator: of the same rows.
        calibration_rows: training rows that forms are calibrated on.
        work: a folder for files.
    """
    readers = trained.readers
    examples = {name: list(trained.training_values(name, calibration_rows).values()) for name in readers}
    parts: dict[str, Part] = {
        name: export_encoder(name, reader, examples[name], work / PARTS / name) for name, reader in readers.items()
    }
    batches = fusion_batches(trained.train_rows, calibration_rows)
    parts[FUSION] = export_fusion(trained.network, trained.tokens, batches, work / PARTS / FUSION)
    return Bench(readers, parts, trained.network.targets, trained.served_rows(test), evaluator, examples, work)


def _bytes(piece: Arrays) -> int:
    return sum(array.nbytes for array in piece.values())


def _in_turn(network: OnnxNetwork) -> Callable[[Pieces], object]:
    return lambda pieces: [network.outputs(piece) for piece in pieces]


def is_exact(chosen: Mapping[str, str]) -> bool:
    """Whether a whole model computes what fp32 does, up to rounding."""
    return all(variant in (FP32, *EXACT) for variant in chosen.values())
