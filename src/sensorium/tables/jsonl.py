"""JSON lines: a cell has a type of its own, and a column the one that holds all its cells as they are.

The file is read twice, since a single cell far below may decide what a column is.
"""

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa

from sensorium.errors import UserError, reason
from sensorium.spelling import spelled
from sensorium.tables.format import cells_of, in_pieces

HALF_A_SIGN = re.compile("[\ud800-\udfff]")  # what JSON can hold and no text file can
MOST_DIGITS = 1000  # of a whole number; Python itself reads 4,300
EXACT = 2**53  # up to here a float holds every whole number
WHOLE_TYPES = {pa.int64(): (-(2**63), 2**63 - 1), pa.uint64(): (0, 2**64 - 1)}


@dataclass
class Column:
    """What the cells of a column are, as far as they have been seen.

    Attributes:
        types: of the cells that are not null.
        low: the smallest whole number, or 0.
        high: the largest.
        exact: whether floats would hold all whole numbers as they are.
    """

    types: set[type] = field(default_factory=set)
    low: int = 0
    high: int = 0
    exact: bool = True

    def see(self, cell: Any) -> None:
        """Takes another cell into account."""
        if cell is not None:
            self.types.add(type(cell))
        if type(cell) is int:
            self.low, self.high = min(self.low, cell), max(self.high, cell)
            self.exact = self.exact and (abs(cell) <= EXACT or (abs(cell) < 2**1000 and int(float(cell)) == cell))

    @property
    def arrow(self) -> pa.DataType:
        """The type that holds all of them; text where there is none."""
        if not self.types:
            return pa.null()
        if self.types == {bool}:
            return pa.bool_()
        if self.types == {int}:
            fits = (kind for kind, (low, high) in WHOLE_TYPES.items() if low <= self.low and self.high <= high)
            return next(fits, pa.string())
        return pa.float64() if self.types <= {int, float} and self.exact else pa.string()


def read(path: Path, rows: int) -> Iterator[pa.Table]:
    """The pieces of a file; see `Format`."""
    columns: dict[str, Column] = {}
    empty = True
    for row in _objects(path):
        empty = False
        for name, cell in row.items():
            columns.setdefault(name, Column()).see(cell)
    if not columns and not empty:
        raise UserError(f"{path} has no columns; its lines are {{}}.")
    schema = pa.schema([(name, column.arrow) for name, column in columns.items()])
    for piece in in_pieces(_objects(path), rows):
        yield pa.table([_array(piece, one) for one in schema], schema=schema)


def _array(rows: list[Mapping[str, Any]], one: pa.Field) -> pa.Array:
    cells = [row.get(one.name) for row in rows]
    return pa.array([_text(cell) for cell in cells] if one.type == pa.string() else cells, one.type)


def _text(cell: Any) -> str | None:
    if isinstance(cell, list | dict):
        return json.dumps(cell, ensure_ascii=False)
    return cell if cell is None or isinstance(cell, str) else spelled(cell)


def _objects(path: Path) -> Iterator[dict[str, Any]]:
    """The objects of all lines.

    Raises:
        UserError: if one is none, or holds what would be lost.
    """
    with path.open(encoding="utf-8-sig") as stream:
        for number, line in enumerate(stream, 1):
            if not line.strip():
                continue
            try:
                row = json.loads(
                    line,
                    object_pairs_hook=_once,
                    parse_float=_float,
                    parse_int=_int,
                    parse_constant=CONSTANTS.__getitem__,
                )
            except (ValueError, RecursionError) as error:
                raise UserError(f"{path} cannot be read: line {number} {_problem(error)}.") from error
            if not isinstance(row, dict):
                raise UserError(f"{path} cannot be read: line {number} is no JSON object of columns.")
            if "\\u" in line:
                _require_whole_signs(path, number, row)
            yield row


CONSTANTS = {"NaN": None, "Infinity": math.inf, "-Infinity": -math.inf}  # Python writes a missing number so


class _LossError(ValueError):
    """Something that an object says and that would be lost."""


def _problem(error: Exception) -> str:
    return str(error) if isinstance(error, _LossError) else f"is no JSON ({reason(error)})"


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise _LossError(f"has {twice!r} twice; rename one or take it out")
    return found


def _int(digits: str) -> int | str:
    return int(digits) if len(digits) <= MOST_DIGITS else digits


def _float(digits: str) -> float | int | str:
    """A number; as text if it is larger than any float, so that who reads the cell can say what it holds."""
    number = float(digits)
    if math.isinf(number):
        return digits
    if abs(number) >= EXACT and not {"e", "E"} & set(digits) and Decimal(digits) == int(Decimal(digits)):
        return int(Decimal(digits))  # an id with .0 behind it is of whole numbers still
    return number


def _require_whole_signs(path: Path, number: int, row: Mapping[str, Any]) -> None:
    for name, cell in row.items():
        if half := HALF_A_SIGN.search(f"{name}{_text(cell) or ''}"):
            raise UserError(
                f"{path} cannot be read: line {number}, column {name!a}: {half[0]!a} is half a sign, which no text can "
                "hold; write the whole sign or take it out."
            )


def write(path: Path, schema: pa.Schema, pieces: Iterable[pa.Table]) -> None:
    """Writes a file; see `Format`."""
    with path.open("w", encoding="utf-8") as stream:
        for row in cells_of(pieces):
            content = {name: _json(cell) for name, cell in zip(schema.names, row, strict=True)}
            stream.write(json.dumps(content, ensure_ascii=False, default=str) + "\n")


def _json(cell: Any) -> Any:
    """JSON has no word for numbers that are not finite."""
    return None if isinstance(cell, float) and not math.isfinite(cell) else cell
