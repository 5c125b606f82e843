"""Where the samples of a signal stand: in lists in a row's cells, or in a file that a cell names."""

import base64
import csv
import io
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from sensorium.data_root import Files
from sensorium.decoding.arrays import NPY
from sensorium.decoding.limited import run
from sensorium.errors import BadInput
from sensorium.modalities.lists import as_cells, as_lists, columns, equally_long, samples
from sensorium.modalities.modality import Modality
from sensorium.spelling import is_missing

WAVE = np.sin(np.arange(50) / 3).round(3).tolist()  # an example


@dataclass(frozen=True)
class Source(ABC):
    """One of the places, and what is read there.

    Attributes:
        names: of the channels, or of a file's one channel an empty one.
        rate: Hz of what does not tell its own.
        most: samples of each channel.
        is_file: whether a request gives a file.
    """

    names: Sequence[str]
    rate: float
    most: int

    is_file: ClassVar[bool]

    @abstractmethod
    def columns(self, name: str) -> list[str]:
        """Of the table, for an input of this name."""

    @abstractmethod
    def asked_as(self, name: str) -> str:
        """What requests call it."""

    @abstractmethod
    def raw(self, row: Mapping[str, Any], name: str, files: Files) -> Any | None:
        """What a row holds of it; ``None`` if nothing."""

    @abstractmethod
    def cells(self, name: str, kept: bytes) -> dict[str, Any]:
        """The cells of a row that hold what a request gave."""

    @abstractmethod
    def openapi(self, file_format: str) -> dict[str, Any]:
        """The schema of what a request gives."""

    @abstractmethod
    def example(self) -> Any:
        """The samples of `WAVE` in every channel."""

    @abstractmethod
    def decode(self, raw: Any) -> np.ndarray:
        """float64 ``[channels, samples]``, one sample more than are kept at most."""

    @abstractmethod
    def in_json(self, value: np.ndarray) -> Any:
        """A value as a request gives it."""

    def of_file(self, raw: bytes) -> np.ndarray:
        """The same as `decode` of a file's bytes."""
        from sensorium.decoding.series import limits, read

        if not raw:
            raise BadInput("the series is empty (0 bytes)")
        named = [name for name in self.names if name]
        found = run(read, raw, limits(raw), channels=named, rate=self.rate, samples=self.most)
        return np.frombuffer(found).reshape(-1, len(self.names)).T


class InLists(Source):
    """A channel a column, whose cells hold lists."""

    is_file = False

    def columns(self, name: str) -> list[str]:
        return [*self.names]

    def asked_as(self, name: str) -> str:
        return name

    def raw(self, row: Mapping[str, Any], name: str, files: Files) -> Any | None:
        return {column: row[column] for column in self.names if not is_missing(row.get(column))} or None

    def cells(self, name: str, kept: bytes) -> dict[str, Any]:
        try:
            is_array = kept.startswith(NPY)
            given = as_lists(self.names, self.of_file(kept)) if is_array else columns(kept, Modality.max_bytes)
        except BadInput:  # an array that was given for other channels than are declared now
            return {}
        return as_cells(self.names, given)

    def openapi(self, file_format: str) -> dict[str, Any]:
        channel = {"type": ["array", "string", "null"], "items": {"type": ["number", "null"]}}
        return {"type": "object", "additionalProperties": False, "properties": dict.fromkeys(self.names, channel)}

    def example(self) -> Any:
        return dict.fromkeys(self.names, WAVE)

    def decode(self, raw: Any) -> np.ndarray:
        if isinstance(raw, bytes) and raw.startswith(NPY):
            return self.of_file(raw)
        given = columns(raw, Modality.max_bytes)
        if unknown := set(given) - set(self.names):
            raise BadInput(f"unknown column {str(min(unknown))[:40]!r}; known: {', '.join(self.names)}")
        found = equally_long(
            {column: samples(column, cell, self.most + 1) for column, cell in given.items() if not is_missing(cell)}
        )
        nothing = np.full(max(map(len, found.values()), default=0), np.nan)
        return np.stack([found.get(column, nothing) for column in self.names])

    def in_json(self, value: np.ndarray) -> Any:
        return as_lists(self.names, value)


@dataclass(frozen=True)
class InFile(Source):
    """All channels in one file.

    Attributes:
        column: whose cells name it; where it is not given, the input's own name is.
    """

    column: str | None

    is_file = True

    def columns(self, name: str) -> list[str]:
        return [self.asked_as(name)]

    def asked_as(self, name: str) -> str:
        return name if self.column is None else self.column

    def raw(self, row: Mapping[str, Any], name: str, files: Files) -> Any | None:
        cell = row.get(self.asked_as(name))
        return None if is_missing(cell) else files.read(cell, Modality.max_bytes)

    def cells(self, name: str, kept: bytes) -> dict[str, Any]:
        return {}

    def openapi(self, file_format: str) -> dict[str, Any]:
        return {"type": "string", "format": file_format}

    def example(self) -> Any:
        stream = io.StringIO(newline="")
        rows = [[sample] * len(self.names) for sample in WAVE]
        csv.writer(stream, lineterminator="\n").writerows([self.names, *rows] if any(self.names) else rows)
        return stream.getvalue().encode()

    def decode(self, raw: Any) -> np.ndarray:
        if not isinstance(raw, bytes):
            raise BadInput("a file is expected: CSV, .npy, .npz, Parquet, WAV or EDF")
        return self.of_file(raw)

    def in_json(self, value: np.ndarray) -> Any:
        return base64.b64encode(pack(value)).decode()


def pack(value: np.ndarray) -> bytes:
    """A series ``[channels, samples]`` as a .npy file of float32, samples by channels; equal ones give equal bytes."""
    stream = io.BytesIO()
    np.lib.format.write_array(stream, np.ascontiguousarray(value.T, "<f4"), (1, 0), allow_pickle=False)
    return stream.getvalue()
