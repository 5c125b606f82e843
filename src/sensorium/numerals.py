"""Cells that hold numbers, as numbers or in letters: a .csv has nothing but letters."""

import math
import re
from collections.abc import Iterable
from numbers import Number
from typing import Any

NUMERAL = re.compile(r"[+-]?((0|[1-9]\d*)(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)  # 007 is a name


def number_in(cell: Any) -> float | None:
    """The finite number that a cell holds, if it holds one."""
    is_one = isinstance(cell, Number) and not isinstance(cell, bool)
    if not is_one and not (isinstance(cell, str) and NUMERAL.fullmatch(cell)):
        return None
    try:
        number = float(cell)
    except (TypeError, OverflowError):  # complex, or larger than any float
        return None
    return number if math.isfinite(number) else None


def numbers_in(cells: Iterable[Any]) -> list[float]:
    """The numbers of those cells that hold one."""
    return [number for cell in cells if (number := number_in(cell)) is not None]
