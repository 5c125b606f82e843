"""An input's encoder as an ONNX file: written and proven once, and read without torch from then on."""

import hashlib
import inspect
import json
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sensorium import encoders, modalities, models, paths
from sensorium.cached import alone
from sensorium.dataset.cache import library_versions
from sensorium.encoders.encoder import Encoder, encode
from sensorium.encoders.tokens import filled
from sensorium.errors import BadInput, UserError, reason
from sensorium.files import remove, replacing, sha256
from sensorium.modalities import Modality
from sensorium.models.device import has_gpu
from sensorium.models.onnx_network import OnnxNetwork
from sensorium.runtime import artefact

SAME = 1e-3  # of the largest number, by which features of the file may differ from those of the encoder
OLD = 30 * 24 * 3600  # seconds, after which an encoder of older code is hardly used any more


def load(kind: Modality) -> Encoder:
    """An input's encoder, ready to read values, after it was found once that it can be served.

    On a CPU it is run by ONNX Runtime, which is up to three times as fast as torch, and torch is not imported: the file
    is kept in the cache, under all that it was made of. On a GPU it is run by torch.

    Raises:
        UserError: if the encoder cannot be had, or cannot be used.
    """
    if not kind.has_weights or kind.training is not None:
        return kind.load_encoder()
    folder = _folder(kind)
    encoder = _kept(kind, folder)
    if encoder is None:
        with alone(folder):
            if _kept(kind, folder) is None:  # else another process made it meanwhile
                _make(kind, folder)
                _sweep(folder)
        encoder = _kept(kind, folder)
    if encoder is None:
        raise UserError(f"{folder} is not as it was written a moment ago; look at its disk.")
    return kind.load_encoder() if has_gpu() else encoder


def _folder(kind: Modality) -> Path:
    """Where an encoder is kept: by the input's declaration, then by all else that decides what the encoder does."""
    declared = kind.model_dump_json(exclude={"column"})
    made_of = json.dumps(_made_of(kind), sort_keys=True)
    first, second = (hashlib.sha256(text.encode()).hexdigest()[:24] for text in (declared, made_of))
    return paths.cache() / "encoders" / f"{first}-{second}"


def _sweep(folder: Path) -> None:
    """Removes what the same declaration was made to long ago, by older code, libraries or weights."""
    for other in folder.parent.glob(f"{folder.name.split('-')[0]}-*"):
        if other != folder and other.is_dir() and time.time() - other.stat().st_mtime > OLD:
            remove(other)


def _kept(kind: Modality, folder: Path) -> Encoder | None:
    """The encoder in a folder of the cache, if it is there and whole."""
    try:
        manifest = artefact.read(folder)
    except (OSError, UserError):
        return None
    files = {name: folder / name for name in manifest["preprocess_files"]}
    preprocess = kind.preprocesses[manifest["preprocess"]](files, **manifest["constants"])
    network = folder / artefact.ENCODER
    digests = {folder / name: digest for name, digest in manifest["files"].items()}
    return Encoder(preprocess, OnnxNetwork(network), manifest["encoder"], (network,), digests)


def _make(kind: Modality, folder: Path) -> None:
    """Writes an encoder into a folder of the cache, after it has read the input's example there and here alike."""
    encoder, values = kind.load_encoder(), [kind.accept(kind.example())] * 2
    try:
        features = encode(encoder.preprocess, encoder.network, values)
    except BadInput as problem:
        raise UserError(f"encoder {kind.encoder!r} cannot read its example: {problem}; choose another.") from problem
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
    if not np.abs(filled(served) - filled(features)).max() <= SAME * np.abs(filled(features)).max():
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
