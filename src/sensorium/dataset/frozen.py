"""An input's encoder as an ONNX file: written and proven once, and read without torch from then on."""

import hashlib
import inspect
import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sensorium import encoders, modalities, models, paths
from sensorium.cached import alone
from sensorium.dataset.cache import library_versions
from sensorium.encoders.encoder import Encoder, encode
from sensorium.errors import UserError, reason
from sensorium.files import replacing, sha256, write_json
from sensorium.modalities import Modality
from sensorium.models.device import has_gpu
from sensorium.models.onnx_network import OnnxNetwork
from sensorium.runtime import artefact

SAME = 1e-3  # of the largest number, by which features of the file may differ from those of the encoder
MADE_OF = "made_of.json"


def load(kind: Modality) -> Encoder:
    """An input's encoder, ready to read values.

    On a CPU it is run by ONNX Runtime, which is up to three times as fast as torch, and torch is not imported: the file
    is kept in the cache with all that it was made of. On a GPU it is run by torch.

    Raises:
        UserError: if the encoder cannot be had, or cannot be used.
    """
    if not kind.has_weights or has_gpu():
        return kind.load_encoder()
    declared = kind.model_dump_json(exclude={"column"})
    folder = paths.cache() / "encoders" / hashlib.sha256(declared.encode()).hexdigest()
    made_of = _made_of(kind)
    if found := _kept(kind, folder, made_of):
        return found
    with alone(folder):
        if found := _kept(kind, folder, made_of):  # another process made it meanwhile
            return found
        _make(kind, folder, made_of)
    if found := _kept(kind, folder, made_of):
        return found
    raise UserError(f"{folder} is not as it was written a moment ago; look at its disk.")


def _kept(kind: Modality, folder: Path, made_of: dict[str, Any]) -> Encoder | None:
    """The encoder in a folder of the cache, if it is whole and was made of this."""
    try:
        if json.loads((folder / MADE_OF).read_text()) != made_of:
            return None
        manifest = artefact.read(folder)
    except (OSError, ValueError, UserError):  # not there, or damaged
        return None
    files = {name: folder / name for name in manifest["preprocess_files"]}
    preprocess = kind.preprocesses[manifest["preprocess"]](files, **manifest["constants"])
    network = folder / artefact.ENCODER
    return Encoder(preprocess, OnnxNetwork(network), manifest["encoder"], (network,))


def _make(kind: Modality, folder: Path, made_of: dict[str, Any]) -> None:
    """Writes an encoder into a folder of the cache, after it has read the input's example there and here alike."""
    encoder, values = kind.load_encoder(), [kind.accept(kind.example())] * 2
    features = encode(encoder.preprocess, encoder.network, values)
    if not np.isfinite(features).all():
        raise UserError(f"encoder {kind.encoder!r}: its features of an example are no numbers; choose another.")
    with replacing(folder) as beside:
        beside.mkdir()
        _export(kind, encoder, values, features, beside / artefact.ENCODER)
        for name, path in encoder.preprocess.files.items():
            shutil.copyfile(path, beside / name)
        used = type(encoder.preprocess)
        artefact.seal(
            beside,
            {
                "encoder": encoder.version,
                "preprocess": next(name for name, one in kind.preprocesses.items() if one is used),
                "constants": encoder.preprocess.constants,
                "preprocess_files": sorted(encoder.preprocess.files),
            },
        )
        write_json(beside / MADE_OF, made_of)


def _export(kind: Modality, encoder: Encoder, values: Sequence[Any], features: np.ndarray, path: Path) -> None:
    """Writes the network; says so if it cannot be, or computes something else there: nothing could serve it."""
    try:
        batch = encoder.preprocess.collate([encoder.preprocess(values[0])])
        encoder.network.export(path, batch, encoder.preprocess.axes)
        served = encode(encoder.preprocess, OnnxNetwork(path), values)
    except OSError:  # a full disk
        raise
    except Exception as error:  # whatever an operator makes the exporter trip over
        raise UserError(
            f"encoder {kind.encoder!r}: it cannot be written as ONNX, by which models are served ({reason(error)}); "
            "choose another."
        ) from error
    if not np.abs(served - features).max() <= SAME * np.abs(features).max():
        raise UserError(
            f"encoder {kind.encoder!r}: written as ONNX, by which models are served, it gives other features; choose "
            "another."
        )


def _made_of(kind: Modality) -> dict[str, Any]:
    """All that decides what an encoder does: what it is read from, our code around it, and the libraries."""
    roots = [Path(next(iter(package.__path__))) for package in (encoders, modalities, models)]
    files = [Path(inspect.getfile(type(kind))), *(path for root in roots for path in sorted(root.rglob("*.py")))]
    code = hashlib.sha256("".join(map(sha256, files)).encode()).hexdigest()
    return {"encoder": kind.encoder_made_of(), "code": code, "libraries": library_versions()}
