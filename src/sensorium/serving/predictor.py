"""Predictions from a model's folder, without torch."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import TypeAdapter

from sensorium.errors import BadInput
from sensorium.modalities import Input, Modality
from sensorium.modalities.encoder import Preprocess, encode
from sensorium.models.onnx_network import OnnxNetwork
from sensorium.serving import artefact

Sample = Mapping[str, Any]


class Predictor:
    """A model's inputs, encoders and fusion, loaded and checked.

    Attributes:
        version: of the model.
        inputs: as they were declared, by name.
        targets: the classes of every target, in the order of its logits.
        shapes: tokens and size of every input's features.

    Args:
        folder: what the compress stage wrote.

    Raises:
        UserError: if a file is missing or was changed.
    """

    def __init__(self, folder: Path) -> None:
        manifest = artefact.read(folder)
        kinds: TypeAdapter[Modality] = TypeAdapter(Input)
        self.version: str = manifest["version"]
        self.targets: dict[str, list[str]] = manifest["targets"]
        self.inputs: dict[str, Modality] = {}
        self._encoders: dict[str, tuple[Preprocess, OnnxNetwork]] = {}
        self.shapes: dict[str, tuple[int, int]] = {}
        for name, entry in manifest["inputs"].items():
            kind = kinds.validate_python(entry["settings"])
            preprocess = kind.preprocesses[entry["preprocess"]](
                {file: folder / name / file for file in entry["files"]}, **entry["constants"]
            )
            self.inputs[name] = kind
            self._encoders[name] = (preprocess, OnnxNetwork(folder / name / artefact.ENCODER))
            self.shapes[name] = (entry["tokens"], entry["dim"])
        self._fusion = OnnxNetwork(folder / artefact.FUSION)

    def accept(self, raw: Mapping[str, Any]) -> Sample:
        """The cleaned values of raw ones (bytes, text, columns).

        Raises:
            BadInput: naming the input that is unknown or cannot be used, or if there is none.
        """
        if unknown := sorted(set(raw) - set(self.inputs)):
            raise BadInput(f"there is no input {unknown[0]!r}; this model reads {', '.join(self.inputs)}")
        if not raw:
            raise BadInput(f"no input was given; give one or more of {', '.join(self.inputs)}")
        accepted = {}
        for name, value in raw.items():
            try:
                accepted[name] = self.inputs[name].accept(value)
            except BadInput as problem:
                raise BadInput(f"{name}: {problem}") from problem
        return accepted

    def predict(self, samples: Sequence[Sample]) -> list[dict[str, np.ndarray]]:
        """Class probabilities by target for every sample of cleaned values, in the order of ``targets``."""
        features, present = {}, {}
        for name, (tokens, dim) in self.shapes.items():
            has = np.array([name in sample for sample in samples])
            features[name] = np.zeros((len(samples), tokens, dim), np.float32)
            if has.any():
                features[name][has] = self.encode(name, [sample[name] for sample in samples if name in sample])
            present[name] = has.astype(np.float32)
        logits = self.fuse(features, present)
        return [{target: _softmax(logits[target][row]) for target in self.targets} for row in range(len(samples))]

    def encode(self, name: str, values: Sequence[Any]) -> np.ndarray:
        """Features ``[values, tokens, dim]`` of an input's cleaned values."""
        return encode(*self._encoders[name], values)

    def fuse(self, features: Mapping[str, np.ndarray], present: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Logits ``[batch, classes]`` by target from features ``[batch, tokens, dim]`` and presence ``[batch]``."""
        batch = {f"features.{name}": array for name, array in features.items()}
        batch |= {f"present.{name}": array for name, array in present.items()}
        outputs = self._fusion.outputs(batch)
        return {target: outputs[f"logits.{target}"] for target in self.targets}


def _softmax(logits: np.ndarray) -> np.ndarray:
    exponents = np.exp(logits - logits.max())
    return exponents / exponents.sum()
