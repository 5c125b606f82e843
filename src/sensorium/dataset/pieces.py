"""A table's rows, some at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, overload

import pyarrow as pa

from sensorium.shards import ROWS


@dataclass(frozen=True)
class Piece:
    """Consecutive rows.

    Attributes:
        number: of the piece.
        rows: cells by column.
    """

    number: int
    rows: Sequence[dict[str, Any]]


class Pieces(Sequence[Piece]):
    """All rows of a table; those of a piece are made when it is asked for, and are not kept."""

    def __init__(self, table: pa.Table) -> None:
        self._table = table

    def __len__(self) -> int:
        return -(-self._table.num_rows // ROWS)

    @overload
    def __getitem__(self, number: int) -> Piece: ...
    @overload
    def __getitem__(self, number: slice) -> Sequence[Piece]: ...
    def __getitem__(self, number: int | slice) -> Piece | Sequence[Piece]:
        if isinstance(number, slice):
            return [self[one] for one in range(len(self))[number]]
        if number >= len(self):
            raise IndexError(number)
        return Piece(number, self._table.slice(number * ROWS, ROWS).to_pylist())

    @property
    def sizes(self) -> list[int]:
        """How many rows each piece has."""
        return [min(ROWS, self._table.num_rows - number * ROWS) for number in range(len(self))]
