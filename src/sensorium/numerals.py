"""Cells that hold numbers, as numbers or in letters: a .csv has nothing but letters."""

import math
import re
import unicodedata
from collections.abc import Iterable
from numbers import Number
from typing import Any

NUMERAL = re.compile(r"[+-]?((0|[1-9]\d*)(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)  # 007 is a name
MINUS = "\u2212"  # the sign that programs for people write


def in_ascii(text: str) -> str:
    """A text with the digits of any script, and the minus sign, as computers write them."""
    if text.isascii():
        return text
    return "".join(str(unicodedata.decimal(sign, sign)) for sign in text).replace(MINUS, "-")


def number_in(cell: Any) -> float | None:
    """The finite number that a cell holds, if it holds one."""
    if isinstance(cell, str):
        cell = in_ascii(cell)
        if not NUMERAL.fullmatch(cell):
            return None
    elif not isinstance(cell, Number) or isinstance(cell, bool):
        return None
    try:
        number = float(cell)
    except (TypeError, OverflowError):  # complex, or larger than any float
        return None
    return number if math.isfinite(number) else None


def numbers_in(cells: Iterable[Any]) -> list[float]:
    """The numbers of those cells that hold one."""
    return [number for cell in cells if (number := number_in(cell)) is not None]
