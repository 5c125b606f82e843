"""A table's rows, some at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, overload

import pyarrow as pa

from sensorium import cuts
from sensorium.dataset.columns import ID
from sensorium.media import Media


@dataclass(frozen=True)
class Piece:
    """Consecutive rows.

    Attributes:
        number: of the piece.
        rows: cells by column.
        files: that these cells name.
    """

    number: int
    rows: Sequence[dict[str, Any]]
    files: Media


class Pieces(Sequence[Piece]):
    """All rows of a table, cut where ids say; those of a piece are made when it is asked for, and are not kept.

    Args:
        table: cells by column.
        files: that cells name.
    """

    def __init__(self, table: pa.Table, files: Media) -> None:
        self._table, self._files = table, files
        self._pieces = list(cuts.pieces(map(str, table[ID].to_pylist())))

    def __len__(self) -> int:
        return len(self._pieces)

    @overload
    def __getitem__(self, number: int) -> Piece: ...
    @overload
    def __getitem__(self, number: slice) -> Sequence[Piece]: ...
    def __getitem__(self, number: int | slice) -> Piece | Sequence[Piece]:
        if isinstance(number, slice):
            return [self[one] for one in range(len(self))[number]]
        here = self._pieces[number]
        rows = self._table.slice(here.start, here.stop - here.start).to_pylist()
        return Piece(number, rows, self._files.of(cell for row in rows for cell in row.values()))

    @property
    def sizes(self) -> list[int]:
        """How many rows each piece has."""
        return [here.stop - here.start for here in self._pieces]
