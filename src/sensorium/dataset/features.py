"""The features of an input as the stages pass them on: one array, the digests of its items, and what has none."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from sensorium.encoders.tokens import padded

QUARANTINE = "quarantine.parquet"


NONE = (1, 1)  # tokens and dim of no features at all


def write_features(
    folder: Path, digests: Sequence[str], features: Iterable[np.ndarray], tokens: int | None = None
) -> None:
    """Writes features and the items' digests into an existing folder.

    Args:
        folder: it.
        digests: of the items.
        features: of each of them in turn, float32 ``[tokens, dim]``; no more than one at a time is held.
        tokens: of each, at most; if not given, all have the same number.
    """
    with (folder / "features.npy").open("wb") as file:
        shape = None
        for _, found in zip(digests, features, strict=True):
            (one,) = padded([found], tokens)
            if shape is None:
                shape = one.shape
                _write_header(file, (len(digests), *shape))
            if one.shape != shape:
                raise ValueError(f"features of {one.shape} among those of {shape}")
            file.write(one.astype("<f4").tobytes())
        if shape is None:
            _write_header(file, (0, *NONE))
    pq.write_table(pa.table({"digest": pa.array(digests, pa.string())}), folder / "items.parquet")


def _write_header(file: BinaryIO, shape: tuple[int, ...]) -> None:
    np.lib.format.write_array_header_1_0(file, {"descr": "<f4", "fortran_order": False, "shape": shape})


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
    """Digests and features (the file mapped into memory: what is touched is read, and nothing is written back)."""
    digests = pq.read_table(folder / "items.parquet")["digest"].to_pylist()
    return digests, np.load(folder / "features.npy", mmap_mode="c", allow_pickle=False)
