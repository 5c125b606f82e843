"""What the model's training reference tells of new values: where they lie, and how a person would describe them.

``reference.npz`` beside the model holds, of every input: ``INPUT.mean`` and ``INPUT.axes``, the principal axes of its
training features; ``INPUT.tenths`` ``[axes, 9]``, what parts the reference into tenths on each; ``INPUT.names``,
checksums of the names (words, categories) in the training rows; and ``INPUT.values.NAME``, tenths of a descriptor that
would otherwise be the content itself.
"""

import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from sensorium.modalities import Modality
from sensorium.modalities.modality import UNKNOWN, Descriptors

FILE = "reference.npz"
DIGITS = 4  # of numbers that are written down


class Profile:
    """A model's reference, as far as the service needs it.

    Args:
        arrays: what the file holds; none for a model without a reference.
    """

    def __init__(self, arrays: Mapping[str, np.ndarray]) -> None:
        self._arrays = arrays

    @classmethod
    def read(cls, folder: Path) -> "Profile":
        """The one beside a model."""
        if not (folder / FILE).is_file():
            return cls({})
        with np.load(folder / FILE, allow_pickle=False) as file:
            return cls({name: file[name] for name in file.files})

    def tenths(self, name: str) -> np.ndarray | None:
        """What parts the reference of an input into tenths, ``[axes, 9]``, if there is one."""
        return self._arrays.get(f"{name}.tenths")

    def names(self, name: str) -> np.ndarray:
        """Checksums of the names in the training rows of an input; none where it has none, or without a reference."""
        return self._arrays.get(f"{name}.names", np.zeros(0, np.uint32))

    def onto_axes(self, name: str, features: np.ndarray) -> np.ndarray:
        """Features ``[..., tokens, dim]`` on an input's axes, ``[..., axes]``; no axes without a reference."""
        flat = features.reshape(*features.shape[:-2], features.shape[-2] * features.shape[-1])
        if f"{name}.axes" not in self._arrays:
            return np.zeros((*flat.shape[:-1], 0), np.float32)
        # In double precision: a column may hold the largest number that single precision has.
        return (flat.astype(np.float64) - self._arrays[f"{name}.mean"]) @ self._arrays[f"{name}.axes"]

    def describe(self, name: str, kind: Modality, value: Any) -> Descriptors:
        """What may be written down of a cleaned value: never the value itself."""
        said = kind.describe(value)
        if kind.describes_content:
            said = {key: number for key, cell in said.items() if (number := self._coarse(name, key, cell)) is not None}
        known = self._arrays.get(f"{name}.names")
        if known is not None and (names := kind.names(value)):
            said[UNKNOWN] = 1 - float(np.isin(checksums(names), known).mean())
        return {key: rounded(cell) if isinstance(cell, float) else cell for key, cell in said.items()}

    def _coarse(self, name: str, key: str, cell: Any) -> float | None:
        """The nearest of the nine numbers that part the reference into tenths."""
        tenths = self._arrays.get(f"{name}.values.{key}")
        if tenths is None or not isinstance(cell, int | float):
            return None
        return float(tenths[np.abs(tenths.astype(np.float64) - cell).argmin()])


def checksums(names: Iterable[str]) -> np.ndarray:
    """CRC-32 of every name."""
    return np.array([zlib.crc32(name.encode()) for name in names], np.uint32)


def rounded(number: float) -> float:
    """To four digits that mean something."""
    return float(f"{number:.{DIGITS}g}")
