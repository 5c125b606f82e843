"""The forms a trained model may be served in: every encoder as fp32, and as int8 where that gains something."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sensorium.compression.export import export_network
from sensorium.compression.quantize import QUANTIZERS
from sensorium.modalities import Modality
from sensorium.modalities.encoder import Encoder
from sensorium.models.network import Network
from sensorium.serving import artefact

CALIBRATION_BATCH = 8
FP32, INT8 = "fp32.onnx", "int8.onnx"


@dataclass(frozen=True)
class Part:
    """One input of a model: what it was declared as, its encoder, and the folder of its exported forms."""

    kind: Modality
    encoder: Encoder
    folder: Path
    tokens: int
    dim: int

    @property
    def has_int8(self) -> bool:
        """Whether there is an int8 form."""
        return (self.folder / INT8).is_file()

    @property
    def saved(self) -> int:
        """Bytes that the int8 form saves."""
        return (self.folder / FP32).stat().st_size - (self.folder / INT8).stat().st_size


def export_part(
    kind: Modality, encoder: Encoder, shape: tuple[int, int], calibration: Sequence[Any], folder: Path
) -> Part:
    """Exports an encoder as fp32, and as int8 if it says how.

    Args:
        kind: the input as declared.
        encoder: its encoder.
        shape: tokens and size of its features.
        calibration: cleaned values that int8 may look at; without any there is no int8 form.
        folder: a new folder for the files.
    """
    folder.mkdir(parents=True)
    preprocess = encoder.preprocess
    batches = [
        preprocess.collate([preprocess(value) for value in calibration[start : start + CALIBRATION_BATCH]])
        for start in range(0, len(calibration), CALIBRATION_BATCH)
    ]
    if batches:
        encoder.network.export(folder / FP32, batches[0], preprocess.axes)
        if encoder.int8:
            QUANTIZERS[encoder.int8](folder / FP32, folder / INT8, batches)
    return Part(kind, encoder, folder, *shape)


def assemble(parts: Mapping[str, Part], network: Network, int8: frozenset[str], folder: Path) -> str:
    """Writes the folder of one candidate and seals it.

    Args:
        parts: by input.
        network: the fusion network.
        int8: the inputs whose encoder is taken as int8.
        folder: where to write.

    Returns:
        The version.
    """
    folder.mkdir(parents=True)
    inputs: dict[str, Any] = {}
    for name, part in parts.items():
        (folder / name).mkdir()
        shutil.copyfile(part.folder / (INT8 if name in int8 else FP32), folder / name / artefact.ENCODER)
        for file, source in part.encoder.preprocess.files.items():
            shutil.copyfile(source, folder / name / file)
        sort = next(key for key, kind in part.kind.preprocesses.items() if kind is type(part.encoder.preprocess))
        inputs[name] = {
            "settings": part.kind.model_dump(exclude={"encoder"}),
            "encoder": part.kind.encoder,
            "precision": "int8" if name in int8 else "fp32",
            "preprocess": sort,
            "constants": part.encoder.preprocess.constants,
            "files": sorted(part.encoder.preprocess.files),
            "tokens": part.tokens,
            "dim": part.dim,
        }
    export_network(network, folder / artefact.FUSION, {name: part.tokens for name, part in parts.items()})
    return artefact.seal(folder, {"inputs": inputs, "targets": network.config.targets})
