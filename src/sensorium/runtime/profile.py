"""The part of a model's reference that the service needs: principal axes, and descriptors of values.

``reference.npz`` beside the model holds, for every input: ``INPUT.mean`` and ``INPUT.axes``, the principal axes of its
training features; ``INPUT.tenths`` ``[axes, 9]``, the nine quantiles that divide the reference into tenths on each
axis; ``INPUT.names``, checksums of the names (words, categories) in the training rows; and ``INPUT.values.NAME``, the
nine quantiles of a descriptor that is the content itself, such as a column.
"""

import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from sensorium.encoders.tokens import filled
from sensorium.modalities import Modality
from sensorium.modalities.descriptors import UNKNOWN, Descriptors

FILE = "reference.npz"
DIGITS = 4  # significant digits of a number in the log


class Profile:
    """Projects features onto the axes of a model's reference, and describes values.

    Args:
        arrays: those of reference.npz; empty for a model without a reference.
    """

    def __init__(self, arrays: Mapping[str, np.ndarray]) -> None:
        self._arrays = arrays

    @classmethod
    def read(cls, folder: Path) -> "Profile":
        """Reads reference.npz in a model's folder."""
        if not (folder / FILE).is_file():
            return cls({})
        with np.load(folder / FILE, allow_pickle=False) as file:
            return cls({name: file[name] for name in file.files})

    def tenths(self, name: str) -> np.ndarray | None:
        """The quantiles ``[axes, 9]`` that divide an input's reference into tenths; ``None`` without a reference."""
        return self._arrays.get(f"{name}.tenths")

    def names(self, name: str) -> np.ndarray:
        """Checksums of the names in the training rows of an input; none where it has none, or without a reference."""
        return self._arrays.get(f"{name}.names", np.zeros(0, np.uint32))

    def onto_axes(self, name: str, features: np.ndarray) -> np.ndarray:
        """Coordinates ``[..., axes]`` of features ``[..., tokens, dim]``; no axes without a reference."""
        flat = filled(features).reshape(*features.shape[:-2], features.shape[-2] * features.shape[-1])
        if f"{name}.axes" not in self._arrays:
            return np.zeros((*flat.shape[:-1], 0), np.float32)
        # In double precision: a column may hold the largest number that single precision has.
        return (flat.astype(np.float64) - self._arrays[f"{name}.mean"]) @ self._arrays[f"{name}.axes"]

    def describe(self, name: str, kind: Modality, value: Any) -> Descriptors:
        """Descriptors of a cleaned value that may be logged: never the value itself."""
        found = kind.describe(value)
        if kind.describes_content:
            found = {
                key: number for key, cell in found.items() if (number := self._coarse(name, key, cell)) is not None
            }
        known = self._arrays.get(f"{name}.names")
        if known is not None and (names := kind.names(value)):
            found[UNKNOWN] = 1 - float(np.isin(checksums(names), known).mean())
        return {key: rounded(cell) if isinstance(cell, float) else cell for key, cell in found.items()}

    def _coarse(self, name: str, key: str, cell: Any) -> float | None:
        """The nearest of the nine quantiles of the reference, in place of a number."""
        tenths = self._arrays.get(f"{name}.values.{key}")
        if tenths is None or not isinstance(cell, int | float):
            return None
        return float(tenths[np.abs(tenths.astype(np.float64) - cell).argmin()])


def checksums(names: Iterable[str]) -> np.ndarray:
    """CRC-32 of every name."""
    return np.array([zlib.crc32(name.encode()) for name in names], np.uint32)


def rounded(number: float) -> float:
    """The number with four significant digits."""
    return float(f"{number:.{DIGITS}g}")
