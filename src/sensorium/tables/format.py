"""What a sort of file must answer for, and what several of them need."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa

from sensorium.spelling import spelled


@dataclass(frozen=True)
class Format:
    """How a sort of file is read and written.

    Attributes:
        read: the pieces of a file, of at most so many rows and of one schema; the first may be empty.
        write: pieces of one schema into a new file.
    """

    read: Callable[[Path, int], Iterator[pa.Table]]
    write: Callable[[Path, pa.Schema, Iterable[pa.Table]], None]


def in_pieces(items: Iterator[Any], size: int) -> Iterator[list[Any]]:
    """Lists of so many items each, but for the last."""
    while piece := list(islice(items, size)):
        yield piece


def cells_of(pieces: Iterable[pa.Table]) -> Iterator[tuple[Any, ...]]:
    """The rows of all pieces, for files of text: bytes, which these cannot hold, as text."""
    for piece in pieces:
        yield from zip(*(_cells(column) for column in piece.columns), strict=True)


def _cells(column: pa.ChunkedArray) -> list[Any]:
    return [spelled(cell) if isinstance(cell, bytes) else cell for cell in column.to_pylist()]
