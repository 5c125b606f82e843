"""Whether an input's encoder reads an example, and could be served: found out before any work, once while it stays."""

import hashlib
import inspect
import json
from pathlib import Path
from typing import Any

import numpy as np

from sensorium import encoders, modalities, models, paths
from sensorium.dataset.cache import fingerprint, library_versions
from sensorium.encoders.encoder import Encoder, encode
from sensorium.errors import UserError, reason
from sensorium.files import sha256, temporary, write_json
from sensorium.modalities import Modality
from sensorium.models.onnx_network import OnnxNetwork

SAME = 1e-3  # of the largest number, by which served features may differ


def require(kind: Modality) -> None:
    """Brings an input's encoder and has it read the input's example.

    What was found fit is remembered in the cache, with all that it hangs on, so that torch is not imported to find the
    same again.

    Raises:
        UserError: if the encoder cannot be had, or cannot be used.
    """
    if not kind.has_weights or remembered(kind):
        return
    encoder, values = kind.load_encoder(), [kind.accept(kind.example())] * 2
    features = encode(encoder.preprocess, encoder.network, values)
    if not np.isfinite(features).all():
        raise UserError(f"encoder {kind.encoder!r}: its features of an example are no numbers; choose another.")
    if kind.encoder not in kind.packaged:  # packaged ones are known to be served
        _require_served(kind, encoder, values, features)
    write_json(_record(kind), {"found in": _state(kind), "fingerprint": fingerprint(encoder)})


def remembered(kind: Modality) -> str | None:
    """The fingerprint of an input's encoder, if it was found fit and nothing that it hangs on has changed since.

    Raises:
        UserError: if the encoder cannot be had.
    """
    if not (record := _record(kind)).is_file():
        return None
    try:
        found = json.loads(record.read_text())
        return found["fingerprint"] if found["found in"] == _state(kind) else None
    except (OSError, ValueError, LookupError, TypeError):  # cut off by a full disk, or of an earlier version
        return None


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


def _record(kind: Modality) -> Path:
    declared = kind.model_dump_json(exclude={"column"})
    return paths.cache() / "encoders" / f"{hashlib.sha256(declared.encode()).hexdigest()}.json"


def _state(kind: Modality) -> dict[str, Any]:
    """All that decides what an encoder does: what it is read from, our code around it, and the libraries."""
    roots = [Path(next(iter(package.__path__))) for package in (encoders, modalities, models)]
    files = [Path(inspect.getfile(type(kind))), *(path for root in roots for path in sorted(root.rglob("*.py")))]
    code = hashlib.sha256("".join(map(sha256, files)).encode()).hexdigest()
    return {"made of": kind.encoder_made_of(), "code": code, "libraries": library_versions()}
