"""The cache of features, by encoder and content."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from struct import Struct

import numpy as np

from sensorium.encoders.encoder import Encoder
from sensorium.files import sha256
from sensorium.records import opened

LIBRARIES = ("torch", "transformers", "tokenizers", "safetensors", "onnxruntime")
SHAPE = Struct("<II")  # tokens and dim, before the numbers


class FeatureCache:
    """Features by digest of their value, for one encoder; what is put survives a kill, and processes may share it.

    Args:
        folder: holds a file an encoder.
        fingerprint: of the encoder.
    """

    def __init__(self, folder: Path, fingerprint: str) -> None:
        self.fingerprint, self._records = fingerprint, opened(folder / fingerprint)

    def known(self, digests: Sequence[str]) -> set[str]:
        """Those of the digests whose features are here, whole."""
        return {key.decode() for key in self._records.known(map(str.encode, digests))}

    def get(self, digests: Sequence[str]) -> dict[str, np.ndarray]:
        """Float32 features ``[tokens, dim]`` of those digests that are known."""
        found = self._records.get(map(str.encode, digests))
        return {key.decode(): _unpacked(content) for key, content in found.items()}

    def put(self, features: Mapping[str, np.ndarray]) -> None:
        """Keeps features ``[tokens, dim]`` by digest."""
        self._records.put({digest.encode(): _packed(array) for digest, array in features.items()})


def _packed(array: np.ndarray) -> bytes:
    return SHAPE.pack(*array.shape) + array.astype("<f4").tobytes()


def _unpacked(content: bytes) -> np.ndarray:
    return np.frombuffer(content, "<f4", offset=SHAPE.size).reshape(SHAPE.unpack_from(content))


def fingerprint(encoder: Encoder) -> str:
    """Hex digest of all that decides an encoder's features.

    Its weights, constants and files count by content, its code by its version, and so do the libraries that run it.
    """

    def digest(path: Path) -> str:
        return encoder.digests.get(path) or sha256(path)

    parts = [
        encoder.version,
        json.dumps(encoder.preprocess.constants, sort_keys=True),
        *(f"{name}={digest(path)}" for name, path in sorted(encoder.preprocess.files.items())),
        *(digest(path) for path in encoder.weights),
        json.dumps(library_versions(encoder.preprocess.libraries)),
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def library_versions(more: Sequence[str] = ()) -> dict[str, str | None]:
    """The versions of what encoders are run by, and of more."""
    found: dict[str, str | None] = {}
    for library in (*LIBRARIES, *more):
        try:
            found[library] = version(library)
        except PackageNotFoundError:
            found[library] = None
    return found
