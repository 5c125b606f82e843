"""The features of an input as the stages pass them on: one array, and the digests of its items."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq


def write_features(folder: Path, digests: Sequence[str], features: np.ndarray) -> None:
    """Writes float32 features ``[items, tokens, dim]`` and the items' digests into an existing folder."""
    np.save(folder / "features.npy", features)
    pq.write_table(pa.table({"digest": pa.array(digests, pa.string())}), folder / "items.parquet")


def read_features(folder: Path) -> tuple[list[str], np.ndarray]:
    """Digests and features (memory-mapped, so that only what is touched is read)."""
    digests = pq.read_table(folder / "items.parquet")["digest"].to_pylist()
    return digests, np.load(folder / "features.npy", mmap_mode="r", allow_pickle=False)
