"""Features that were computed once, found again by encoder and content."""

import hashlib
import json
import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from sensorium.encoders.encoder import Encoder
from sensorium.files import sha256


class FeatureCache:
    """Features by digest of their value, for one encoder; what is put is on disk when `put` returns.

    SQLite rather than a file each: writes are whole or absent after a kill, and processes may share it.

    Args:
        folder: holds a database an encoder.
        fingerprint: of the encoder.
    """

    def __init__(self, folder: Path, fingerprint: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._base = sqlite3.connect(folder / f"{fingerprint}.sqlite", timeout=60)
        self._base.execute("PRAGMA journal_mode=WAL")
        self._base.execute("CREATE TABLE IF NOT EXISTS features (digest TEXT PRIMARY KEY, shape TEXT, bytes BLOB)")

    def known(self, digests: Sequence[str]) -> set[str]:
        """Those of the digests whose features are here."""
        return {digest for (digest,) in self._select("digest", digests)}

    def get(self, digests: Sequence[str]) -> dict[str, np.ndarray]:
        """Float32 features ``[tokens, dim]`` of those digests that are known."""
        found = self._select("digest, shape, bytes", digests)
        return {digest: np.frombuffer(raw, np.float32).reshape(json.loads(shape)) for digest, shape, raw in found}

    def put(self, features: Mapping[str, np.ndarray]) -> None:
        """Keeps features ``[tokens, dim]`` by digest."""
        rows = [
            (digest, json.dumps(array.shape), array.astype(np.float32).tobytes()) for digest, array in features.items()
        ]
        with self._base:
            self._base.executemany("INSERT OR REPLACE INTO features VALUES (?, ?, ?)", rows)

    def _select(self, columns: str, digests: Sequence[str]) -> list[tuple]:
        # Bound by SQLite's limit on parameters of a statement.
        pieces = [digests[start : start + 500] for start in range(0, len(digests), 500)]
        return [
            row
            for piece in pieces
            for row in self._base.execute(
                f"SELECT {columns} FROM features WHERE digest IN ({','.join('?' * len(piece))})", piece
            )
        ]


def fingerprint(encoder: Encoder, *sources: Path) -> str:
    """Hex digest of all that decides an encoder's features.

    Args:
        encoder: its weights, constants and files count by content.
        sources: the modules of its preprocessing and network, so that a change of code counts as well.
    """
    parts = [
        json.dumps(encoder.preprocess.constants, sort_keys=True),
        *(f"{name}={sha256(path)}" for name, path in sorted(encoder.preprocess.files.items())),
        *(sha256(path) for path in encoder.weights),
        *(sha256(path) for path in sources),
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
