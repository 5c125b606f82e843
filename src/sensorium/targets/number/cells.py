"""The number in a cell of a table, and what to write instead where there is none."""

import math
import re
from typing import Any

from sensorium.errors import BadInput, Cause
from sensorium.numerals import number_in

LARGEST = 1e30  # whose squares can still be added up
MARKED = re.compile(r"[+-]?\d{1,3}([,' \u00a0\u202f_]\d{3})+([.]\d*)?|[+-]?\d+,\d+", re.ASCII)  # 1,234.5 and 12,5
WITH_UNIT = re.compile(r"[^\w.+-]*[+-]?[\d.]+\s*[^\d\s].*|[^\d\s]+\s*[+-]?[\d.]+", re.ASCII)  # 12 kg and $ 12


def read_number(cell: Any) -> float:
    """The number in a cell, or in what a person tells.

    Raises:
        BadInput: saying what to write instead.
    """
    number = number_in(cell)
    if number is not None and abs(number) <= LARGEST:
        return number
    text, mend = str(cell), ""
    if number is not None or _is_infinite(text):
        what = f"is not within {LARGEST:g}, as a number must be that can be predicted"
    elif MARKED.fullmatch(text):
        what, mend = "has marks within its digits", "write 1234.5 for 1,234.5, and 12.5 for 12,5"
    elif WITH_UNIT.fullmatch(text):
        what, mend = "is more than a number", "write the number alone, all in one unit"
    else:
        what, mend = "is no number", "if these are names of classes, write `kind: class`"
    raise BadInput(f"{text[:40]!r} {what}{f': {mend}' if mend else ''}", Cause("a cell", what, text, mend))


def _is_infinite(text: str) -> bool:
    """Whether a text is read as infinite, as `inf` and 1e400 are."""
    try:
        return math.isinf(float(text))
    except ValueError:
        return False
