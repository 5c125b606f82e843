"""Features that were computed once, found again by encoder and content."""

import ast
import hashlib
import json
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from struct import Struct

import numpy as np

from sensorium.files import sha256
from sensorium.modalities.encoder import Encoder
from sensorium.records import Records

LIBRARIES = ("torch", "transformers", "tokenizers", "safetensors", "onnxruntime")
ROOMS = ("sensorium.modalities", "sensorium.models")
SHAPE = Struct("<II")  # tokens and dim, before the numbers


class FeatureCache:
    """Features by digest of their value, for one encoder; what is put survives a kill, and processes may share it.

    Args:
        folder: holds a file an encoder.
        fingerprint: of the encoder.
    """

    def __init__(self, folder: Path, fingerprint: str) -> None:
        self._records = Records(folder / fingerprint)

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


def fingerprint(encoder: Encoder, *sources: Path) -> str:
    """Hex digest of all that decides an encoder's features.

    Args:
        encoder: its weights, constants and files count by content.
        sources: the modules of its preprocessing and network, so that a change of code counts as well; the versions of
            the libraries that run it do.
    """
    parts = [
        json.dumps(encoder.preprocess.constants, sort_keys=True),
        *(f"{name}={sha256(path)}" for name, path in sorted(encoder.preprocess.files.items())),
        *(sha256(path) for path in encoder.weights),
        *(sha256(path) for path in sources),
        json.dumps(library_versions()),
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def library_versions() -> dict[str, str | None]:
    """The versions of what encoders are run by."""
    found: dict[str, str | None] = {}
    for library in LIBRARIES:
        try:
            found[library] = version(library)
        except PackageNotFoundError:
            found[library] = None
    return found


def code_of(*modules: str) -> list[Path]:
    """The files of modules in the rooms of encoders, and of all in these rooms that they import, early or late."""
    waiting, found = list(modules), dict[str, Path]()
    while waiting:
        name = waiting.pop()
        if name.startswith(ROOMS) and name not in found:
            spec = find_spec(name)
            assert spec and spec.origin
            found[name] = Path(spec.origin)
            nodes = ast.walk(ast.parse(found[name].read_text(encoding="utf-8")))
            waiting += [node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module]
    return [found[name] for name in sorted(found)]
