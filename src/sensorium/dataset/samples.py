"""What an encoder reads of many values, in a file: they are more than memory holds."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sensorium.encoders.encoder import Arrays

ALIGNED = 8  # bytes


@dataclass(frozen=True)
class _Place:
    offset: int
    dtype: np.dtype
    shape: tuple[int, ...]


class Samples(Mapping[int, Arrays]):
    """Arrays by number; the system keeps in memory what there is room for.

    Args:
        path: of a file that does not exist yet.
    """

    def __init__(self, path: Path) -> None:
        self._file, self._end = path.open("xb"), 0
        self._path = path
        self._places: dict[int, dict[str, _Place]] = {}
        self._mapped: np.ndarray | None = None

    def add(self, number: int, arrays: Arrays) -> None:
        """Keeps the arrays of a number."""
        self._places[number] = {name: self._kept(array) for name, array in arrays.items()}
        self._mapped = None

    def _kept(self, array: np.ndarray) -> _Place:
        content = np.ascontiguousarray(array).tobytes()
        place = _Place(self._end, array.dtype, array.shape)
        self._end += self._file.write(content + bytes(-len(content) % ALIGNED))
        return place

    def __getitem__(self, number: int) -> Arrays:
        places = self._places[number]
        if self._mapped is None:
            self._file.flush()
            self._mapped = np.memmap(self._path, np.uint8, "c")
        found = {}
        for name, place in places.items():
            size = place.dtype.itemsize * int(np.prod(place.shape))
            found[name] = self._mapped[place.offset : place.offset + size].view(place.dtype).reshape(place.shape)
        return found

    def __iter__(self) -> Iterator[int]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)
