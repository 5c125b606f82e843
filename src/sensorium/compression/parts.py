"""The networks a served model is made of, an encoder per input and the fusion, each in several variants."""

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sensorium.compression.export import export_network
from sensorium.compression.settings import FUSION
from sensorium.encoders.encoder import Arrays, Encoder
from sensorium.encoders.encoder import Network as Encoding
from sensorium.errors import UserError, reason
from sensorium.modalities import Modality
from sensorium.models.network import Network
from sensorium.runtime import artefact
from sensorium.runtime.fusions import Fusion
from sensorium.runtime.predictor import Predictor
from sensorium.targets import Learnt
from sensorium.training.data import Rows

FP32 = "fp32"
BATCH = 8  # calibration rows at once


@dataclass(frozen=True)
class Reader:
    """An input of the model: how it was declared, its encoder, and its features' shape ``(tokens at most, dim)``."""

    kind: Modality
    encoder: Encoder
    shape: tuple[int, int]


def assemble(
    readers: Mapping[str, Reader], networks: Mapping[str, Encoding], targets: Mapping[str, Learnt], fusion: Fusion
) -> Predictor:
    """A model of these networks, an encoder of every input and the fusion, that has no folder of its own."""
    return Predictor(
        "in memory",
        targets,
        {name: reader.kind for name, reader in readers.items()},
        {name: reader.shape for name, reader in readers.items()},
        {name: (reader.encoder.preprocess, networks[name]) for name, reader in readers.items()},
        fusion,
    )


@dataclass
class Part:
    """One network in all its variants.

    Attributes:
        name: of the input, or `FUSION`.
        folder: where the files are.
        batches: arrays of training rows.
        files: of every variant by name; the first is `FP32`.
        refused: why another variant is not to be had, by name.
    """

    name: str
    folder: Path
    batches: Sequence[Arrays]
    files: dict[str, Path] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)

    def make(self, variant: str, write: Callable[[Path], None]) -> None:
        """Has a variant written; one that cannot be is refused with the reason, and the others stand."""
        path = self.path(variant)
        try:
            write(path)
        except UserError as error:
            self.refused[variant] = reason(error)
        else:
            self.files[variant] = path

    def path(self, variant: str) -> Path:
        """The file of a variant, there or not."""
        return self.folder / f"{variant.replace(' ', '-')}.onnx"

    def refuse(self, variant: str, why: str) -> None:
        """Takes a variant away that turned out unfit, or never was there."""
        self.files.pop(variant, None)
        self.refused[variant] = why

    def size(self, variant: str) -> int:
        """Bytes of a variant's file."""
        return self.files[variant].stat().st_size


def export_encoder(name: str, reader: Reader, values: Sequence[Any], folder: Path) -> Part:
    """An input's encoder as fp32.

    Args:
        name: of the input.
        reader: the input.
        values: cleaned values of training rows; they show the network how its arrays look.
        folder: a new folder.

    Raises:
        UserError: if it cannot be written as ONNX, or there are no values.
    """
    if not values:
        raise UserError(f"compress: no training row has the input {name!r}, so its encoder cannot be exported.")
    folder.mkdir(parents=True)
    preprocess = reader.encoder.preprocess
    samples = [preprocess(value) for value in values]
    batches = [preprocess.collate(samples[start : start + BATCH]) for start in range(0, len(samples), BATCH)]
    part = Part(name, folder, batches, {FP32: folder / f"{FP32}.onnx"})
    try:
        reader.encoder.network.export(part.files[FP32], batches[0], preprocess.axes)
    except OSError:
        raise
    except Exception as error:  # whatever an operator makes the exporter trip over
        raise UserError(
            f"compress: the encoder '{reader.kind.encoder}' of {name} cannot be written as ONNX ({reason(error)}); "
            "choose another encoder in params.yaml."
        ) from error
    return part


def export_fusion(network: Network, tokens: Mapping[str, int], batches: Sequence[Arrays], folder: Path) -> Part:
    """The fusion network as fp32; ``tokens`` of every input's features."""
    folder.mkdir(parents=True)
    part = Part(FUSION, folder, batches, {FP32: folder / f"{FP32}.onnx"})
    export_network(network, part.files[FP32], tokens)
    return part


def fusion_batches(rows: Rows, count: int) -> list[Arrays]:
    """What the fusion reads for the first so many rows."""
    batches = []
    for start in range(0, min(count, len(rows)), BATCH):
        features, masks, _ = rows.batch(slice(start, start + BATCH))
        batches.append(
            {f"features.{name}": array.numpy() for name, array in features.items()}
            | {f"mask.{name}": array.numpy() for name, array in masks.items()}
        )
    return batches


def write_model_files(
    readers: Mapping[str, Reader], parts: Mapping[str, Part], chosen: Mapping[str, str], network: Network, folder: Path
) -> dict[str, Any]:
    """Writes the files of a served model into a new folder.

    Args:
        readers: by input.
        parts: by input, and the fusion.
        chosen: the variant of each part.
        network: what the model's targets and temperatures are read from.
        folder: where to write.

    Returns:
        What the manifest says of the model; `artefact.seal` writes it.
    """
    folder.mkdir(parents=True)
    inputs: dict[str, Any] = {}
    for name, reader in readers.items():
        (folder / name).mkdir()
        shutil.copyfile(parts[name].files[chosen[name]], folder / name / artefact.ENCODER)
        preprocess = reader.encoder.preprocess
        for file, source in preprocess.files.items():
            shutil.copyfile(source, folder / name / file)
        inputs[name] = {
            "settings": reader.kind.model_dump(exclude={"encoder", "learnt"}),
            "encoder": str(reader.kind.encoder),
            "variant": chosen[name],
            "preprocess": next(key for key, kind in reader.kind.preprocesses.items() if kind is type(preprocess)),
            "constants": preprocess.constants,
            "files": sorted(preprocess.files),
            "tokens": reader.shape[0],
            "dim": reader.shape[1],
        }
    shutil.copyfile(parts[FUSION].files[chosen[FUSION]], folder / artefact.FUSION)
    temperatures = dict(zip(network.config.targets, network.temperatures.tolist(), strict=True))
    return {
        "inputs": inputs,
        "targets": network.config.targets,
        "fusion": chosen[FUSION],
        "temperatures": {target: round(value, 6) for target, value in temperatures.items()},  # inside the fusion
    }
