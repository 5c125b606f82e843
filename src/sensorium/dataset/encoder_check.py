"""Checks that an input's encoder reads an example and can be served, before any work; an unchanged one only once."""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np

from sensorium import modalities, models, paths
from sensorium.dataset.cache import library_versions
from sensorium.encoders.encoder import Encoder, encode
from sensorium.errors import UserError, reason
from sensorium.files import sha256, temporary, write_json
from sensorium.modalities import Modality
from sensorium.models.onnx_network import OnnxNetwork

SAME = 1e-3  # of the largest number, by which served features may differ


def require(kind: Modality) -> None:
    """Brings an input's encoder and has it read the input's example.

    An encoder that passed is recorded in the cache, with all that it depends on, so that torch is not imported to
    check it again.

    Raises:
        UserError: if the encoder cannot be had, or cannot be used.
    """
    if not kind.has_weights:
        return
    folder = kind.fetch_encoder()
    declared = json.dumps([kind.model_dump_json(), str(folder and folder.resolve())])
    record = paths.cache() / "encoders" / f"{hashlib.sha256(declared.encode()).hexdigest()}.json"
    current = {"files": _files(folder) if folder else {}, "code": _code(), "libraries": library_versions()}
    if _recorded(record) == current:
        return
    encoder, values = kind.load_encoder(), [kind.accept(kind.example())] * 2
    features = encode(encoder.preprocess, encoder.network, values)
    if not np.isfinite(features).all():
        raise UserError(f"encoder {kind.encoder!r}: its features of an example are no numbers; choose another.")
    if folder:  # packaged ones are known to be served
        _require_served(kind, encoder, values, features)
    write_json(record, current)


def _require_served(kind: Modality, encoder: Encoder, values: list[Any], features: np.ndarray) -> None:
    """Says so if an encoder cannot be written as ONNX, or computes something else there: `compress` would end."""
    with temporary() as folder:
        path = folder / "encoder.onnx"
        try:
            batch = encoder.preprocess.collate([encoder.preprocess(values[0])])
            encoder.network.export(path, batch, encoder.preprocess.axes)
            served = encode(encoder.preprocess, OnnxNetwork(path), values)
        except OSError:  # a full disk
            raise
        except Exception as error:  # whatever an operator makes the exporter trip over
            raise UserError(
                f"encoder {kind.encoder!r}: it cannot be written as ONNX, by which models are served "
                f"({reason(error)}); choose another."
            ) from error
    if not np.abs(served - features).max() <= SAME * np.abs(features).max():
        raise UserError(
            f"encoder {kind.encoder!r}: written as ONNX, by which models are served, it gives other features; choose "
            "another."
        )


def _recorded(record: Path) -> Any:
    try:
        return json.loads(record.read_text())
    except (OSError, ValueError):  # never tried, or cut off by a full disk
        return None


def _files(folder: Path) -> dict[str, list[int]]:
    """Size and time of every file: reading gigabytes of weights would take longer than trying them."""
    found = {path: path.stat() for path in sorted(folder.rglob("*")) if path.is_file()}
    return {str(path.relative_to(folder)): [facts.st_size, facts.st_mtime_ns] for path, facts in found.items()}


def _code() -> str:
    roots = [Path(next(iter(package.__path__))) for package in (modalities, models)]
    files = [path for root in roots for path in sorted(root.rglob("*.py"))]
    return hashlib.sha256("".join(map(sha256, files)).encode()).hexdigest()
