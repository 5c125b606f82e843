"""The features of an input as the stages pass them on: one array, the digests of its items, and what has none."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

QUARANTINE = "quarantine.parquet"


def write_features(folder: Path, digests: Sequence[str], features: np.ndarray) -> None:
    """Writes float32 features ``[items, tokens, dim]`` and the items' digests into an existing folder."""
    np.save(folder / "features.npy", features)
    pq.write_table(pa.table({"digest": pa.array(digests, pa.string())}), folder / "items.parquet")


def write_quarantine(folder: Path, name: str, owners: pd.DataFrame, problems: Mapping[str, str]) -> pd.DataFrame:
    """Writes and returns a row for each row of the data whose value of an input could not be encoded.

    Args:
        folder: an existing one.
        name: of the input, which counts as missing in these rows.
        owners: which rows hold which value.
        problems: by digest, why a value has no features.
    """
    held = owners[owners["digest"].isin(list(problems))]
    rows = pd.DataFrame({"id": held["id"], "input": name, "reason": held["digest"].map(dict(problems))})
    rows.assign(digest=held["digest"]).to_parquet(folder / QUARANTINE, index=False)
    return rows


def read_quarantine(folder: Path) -> set[str]:
    """The digests of values that could not be encoded."""
    path = folder / QUARANTINE
    return set(pd.read_parquet(path)["digest"]) if path.is_file() else set()


def read_features(folder: Path) -> tuple[list[str], np.ndarray]:
    """Digests and features (memory-mapped, so that only what is touched is read)."""
    digests = pq.read_table(folder / "items.parquet")["digest"].to_pylist()
    return digests, np.load(folder / "features.npy", mmap_mode="r", allow_pickle=False)
