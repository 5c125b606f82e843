"""The folder of an encoder that was trained here: read without torch from then on."""

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sensorium.encoders.encoder import Arrays, Encoder, Preprocess
from sensorium.errors import UserError
from sensorium.files import read_json, sha256, write_json
from sensorium.models.onnx_network import OnnxNetwork

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from torch import nn

    from sensorium.encoders.trainable.trainable import Trainable, Trained

ENCODER, ABOUT = "encoder.onnx", "encoder.json"


def write(
    folder: Path,
    trainable: "Trainable",
    module: "nn.Module",
    samples: "Sequence[Arrays]",
    preprocesses: "Mapping[str, type[Preprocess]]",
) -> None:
    """Writes an encoder.

    Args:
        folder: an existing one.
        trainable: what it was.
        module: what became of it.
        samples: what its preprocessing makes of some values.
        preprocesses: the kinds of preprocessing, by name.
    """
    from sensorium.encoders.torch_network import TorchNetwork

    preprocess = trainable.preprocess
    for name, path in preprocess.files.items():
        if path != folder / name:
            shutil.copyfile(path, folder / name)
    example = preprocess.collate(samples)
    TorchNetwork(module).export(folder / ENCODER, example, preprocess.axes)
    about = {
        "version": trainable.version,
        "preprocess": next(name for name, kind in preprocesses.items() if kind is type(preprocess)),
        "constants": preprocess.constants,
        "files": sorted(preprocess.files),
        "sha256": {path.name: sha256(path) for path in sorted(folder.iterdir())},
    }
    write_json(folder / ABOUT, about)


def digest(folder: Path) -> str:
    """Of all that is in the folder."""
    return sha256(folder / ABOUT)


def read(trained: "Trained", preprocesses: "Mapping[str, type[Preprocess]]") -> Encoder:
    """The encoder.

    Raises:
        UserError: if its files are not as they were written.
    """
    folder = trained.folder
    about: dict[str, Any] = read_json(folder / ABOUT, made_by="embed")
    digests = {folder / name: digest for name, digest in about["sha256"].items()}
    if changed := next((path for path, own in digests.items() if not path.is_file() or sha256(path) != own), None):
        raise UserError(f"{changed} is not as it was written; run `dvc repro`.")
    files = {name: folder / name for name in about["files"]}
    preprocess = preprocesses[about["preprocess"]](files, **about["constants"])
    network = folder / ENCODER
    return Encoder(preprocess, OnnxNetwork(network), about["version"], (network,), digests)
