"""Predictions of a packaged model, without torch."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np

from sensorium.encoders.encoder import (
    Arrays,
    Network,
    Preprocess,
    encode,
    encode_arrays,
    unencoded,
)
from sensorium.encoders.tokens import absent, filled, is_there, take
from sensorium.errors import BadInput, UserError, reason
from sensorium.modalities import Modality, declared
from sensorium.modalities.request_fields import RequestField, old_names, request_fields, with_column_names
from sensorium.models.onnx_network import OnnxNetwork
from sensorium.runtime import artefact
from sensorium.runtime.fusions import Fusion, opened
from sensorium.runtime.profile import Profile
from sensorium.targets import Learnt, learnt

ROWS = 256  # fused at once: an explanation of many inputs has too many rows for the memory
Sample = Mapping[str, Any]
Prepared = Mapping[str, Arrays]  # of every input given, what its network reads
Parts = Sequence[Callable[[], Any]]
DoAll = Callable[[Parts], list[Any]]


def in_turn(parts: Parts) -> list[Any]:
    """What each gives, one after the other."""
    return [part() for part in parts]


@dataclass(frozen=True)
class Taken:
    """What a request gave.

    Attributes:
        sample: cleaned values by input, in the order of the model's inputs.
        unread: why other inputs, which read the same columns, cannot use what is there.
    """

    sample: Sample
    unread: Mapping[str, str]


@dataclass(frozen=True)
class Predictor:
    """A packaged model: its inputs, their encoders, and the fusion network.

    Attributes:
        version: of the model.
        targets: what training rows taught of every target.
        inputs: as they were declared, by name.
        shapes: tokens, at most, and size of every input's features.
        encoders: preprocessing and network of every input.
        fusion: from features to logits.
    """

    version: str
    targets: Mapping[str, Learnt]
    inputs: Mapping[str, Modality]
    shapes: Mapping[str, tuple[int, int]]
    encoders: Mapping[str, tuple[Preprocess, Network]]
    fusion: Fusion

    @classmethod
    def load(cls, folder: Path) -> "Predictor":
        """Loads a packaged model: checks every file and opens every network.

        Raises:
            UserError: if a file is missing, was changed, or does not fit the others.
        """
        manifest = artefact.read(folder)
        try:
            return cls._of(folder, manifest)
        except (KeyError, TypeError, AttributeError, ValueError) as error:  # pydantic's is the last
            raise UserError(
                f"model {folder} was made by another version of Sensorium ({reason(error)}); make it by `dvc repro`."
            ) from error

    @classmethod
    def _of(cls, folder: Path, manifest: Mapping[str, Any]) -> "Predictor":
        inputs, shapes, encoders = {}, {}, {}
        known = Profile.read(folder)
        for name, entry in manifest["inputs"].items():
            kind = declared(entry["settings"])
            files = {file: artefact.file(folder, manifest, f"{name}/{file}") for file in entry["files"]}
            preprocess = kind.preprocesses[entry["preprocess"]](files, **entry["constants"])
            network = OnnxNetwork(artefact.file(folder, manifest, f"{name}/{artefact.ENCODER}"))
            if not set(network.inputs) <= set(preprocess.axes):
                raise UserError(f"{network.path} reads {', '.join(network.inputs)}, which {name} does not give.")
            inputs[name], shapes[name] = kind.as_known(known.names(name)), (entry["tokens"], entry["dim"])
            encoders[name] = (preprocess, network)
        fusion = opened(artefact.file(folder, manifest, artefact.FUSION), shapes)
        targets = {name: learnt(state) for name, state in manifest["targets"].items()}
        return cls(manifest["version"], targets, inputs, shapes, encoders, fusion)

    @cached_property
    def fields(self) -> dict[str, RequestField]:
        """What requests may give, by name."""
        return request_fields(self.inputs)

    @cached_property
    def names(self) -> dict[str, str]:
        """By every name that requests may use for a value, today's name of it."""
        return dict(zip(self.fields, self.fields, strict=True)) | old_names(self.fields)

    def accept(self, raw: Mapping[str, Any]) -> Sample:
        """Cleans the raw values (bytes, text, columns) of a sample, given by the names of columns.

        Raises:
            BadInput: naming the value that is unknown or that no input can use, or if there is none.
        """
        return self.take(raw).sample

    def take(self, raw: Mapping[str, Any], do_all: DoAll = in_turn) -> Taken:
        """The same, with what came of each input.

        Args:
            raw: values.
            do_all: reads them, which need nothing of each other.

        Raises:
            BadInput: as for `accept`.
        """
        given = with_column_names(raw, self.fields)
        if unknown := sorted(set(given) - set(self.fields)):
            raise BadInput(f"there is no input {unknown[0]!r}; this model reads {', '.join(self.fields)}")
        if not given:
            raise BadInput(f"no input was given; give one or more of {', '.join(self.fields)}")
        sample: dict[str, Any] = {}
        unread: dict[str, str] = {}
        read_all = do_all([partial(_read, self.fields[name], value) for name, value in given.items()])
        for name, found in zip(given, read_all, strict=True):
            problems = {one: str(read) for one, read in found.items() if isinstance(read, BadInput)}
            if len(problems) == len(found):
                raise BadInput(f"{name}: {'; '.join(dict.fromkeys(problems.values()))}")
            sample |= {one: read for one, read in found.items() if one not in problems}
            unread |= problems
        return Taken({name: sample[name] for name in self.inputs if name in sample}, unread)

    def prepare(self, sample: Sample) -> Prepared:
        """The arrays that the networks read of a sample of cleaned values; this work is done sample by sample.

        Raises:
            BadInput: naming the input that cannot be encoded.
        """
        return {name: self.prepare_one(name, value) for name, value in sample.items()}

    def prepare_one(self, name: str, value: Any) -> Arrays:
        """The same of one input."""
        with _naming(name):
            return self.encoders[name][0](value)

    def predict(self, samples: Sequence[Sample]) -> list[dict[str, np.ndarray]]:
        """What is predicted ``[columns]`` by target for every sample of cleaned values, in the order of ``targets``."""
        prepared = [self.prepare(sample) for sample in samples]
        masks = [np.array([[name in sample for name in self.inputs]]) for sample in samples]
        predictions = self.predictions(self.features(prepared), masks)
        return [{target: one[target][0] for target in self.targets} for one in predictions]

    def features(self, prepared: Sequence[Prepared], do_all: DoAll = in_turn) -> dict[str, np.ndarray]:
        """Features ``[samples, tokens, dim]`` by input, without a token where a sample lacks it.

        Args:
            prepared: of every sample.
            do_all: runs the encoders, which need nothing of each other.

        Raises:
            BadInput: naming the input of which a value cannot be encoded.
        """
        found = do_all([partial(self._features_of, name, prepared) for name in self.shapes])
        return dict(zip(self.shapes, found, strict=True))

    def _features_of(self, name: str, prepared: Sequence[Prepared]) -> np.ndarray:
        features = absent(len(prepared), *self.shapes[name])
        given = [place for place, one in enumerate(prepared) if name in one]
        if given:
            with _naming(name):
                features[given] = encode_arrays(*self.encoders[name], [prepared[place][name] for place in given])
        return features

    def predictions(
        self, features: Mapping[str, np.ndarray], masks: Sequence[np.ndarray]
    ) -> list[dict[str, np.ndarray]]:
        """What is predicted ``[masks, columns]`` by target for every sample, a row for each of its masks.

        Args:
            features: of all samples, by input.
            masks: of each sample ``[masks, inputs]``: which inputs are present.
        """
        sample_of = np.repeat(np.arange(len(masks)), [len(one) for one in masks])
        present = np.concatenate(masks).astype(bool)
        parts = []
        for rows in (slice(start, start + ROWS) for start in range(0, len(present), ROWS)):
            places = np.where(present[rows], sample_of[rows, None], -1)
            logits = self.fuse({name: take(features[name], places[:, place]) for place, name in enumerate(self.inputs)})
            parts.append({target: self.targets[target].predict(values) for target, values in logits.items()})
        predictions = {target: np.concatenate([part[target] for part in parts]) for target in self.targets}
        return [{target: array[sample_of == row] for target, array in predictions.items()} for row in range(len(masks))]

    def encode(self, name: str, values: Sequence[Any]) -> np.ndarray:
        """Features ``[values, tokens, dim]`` of an input's cleaned values."""
        return encode(*self.encoders[name], values)

    def fuse(self, features: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Outputs ``[batch, outputs]`` by target from features ``[batch, tokens, dim]``, of which some may lack."""
        batch = {f"features.{name}": filled(array) for name, array in features.items()}
        batch |= {f"mask.{name}": is_there(array).astype(np.float32) for name, array in features.items()}
        outputs = self.fusion.outputs(batch)
        return {target: outputs[f"logits.{target}"] for target in self.targets}


def _read(field: RequestField, raw: Any) -> dict[str, Any | BadInput]:
    """The cleaned value of every input of a field, or why it has none; where only encoders differ, it is read once."""
    read: dict[str, Any | BadInput] = {}
    found: dict[str, Any | BadInput] = {}
    for name, kind in field.inputs.items():
        same = kind.model_dump_json(exclude={"encoder", "column", "learnt"})
        if same not in read:
            try:
                read[same] = kind.accept(raw)
            except BadInput as problem:
                read[same] = problem
        found[name] = read[same]
    return found


@contextmanager
def _naming(name: str) -> Iterator[None]:
    """Turns any error of an encoder into one that names the input."""
    try:
        yield
    except Exception as error:
        raise BadInput(f"{name}: {unencoded(error)}") from error
