"""The number in a cell of a table, or in what a person tells; where there is none, what is there and what to write."""

import math
import re
from typing import Any

from sensorium.errors import BadInput, Cause
from sensorium.numerals import in_ascii, number_in

LARGEST = 1e30  # whose squares can still be added up
LONGEST = 40  # letters of a cell that are looked at
BEYOND = f"is not within {LARGEST:g}, as a number must be that can be predicted"
FLAGS = re.ASCII | re.IGNORECASE | re.DOTALL
SMALLER = "leave the cell empty if it is a mistake, or give all in a larger unit"
NAMES = "if these are names of classes, write `kind: class`"
OTHERS = (  # what cells hold that are no numbers, and what to write instead; the first that fits
    (r"[\[{].*", "holds several values", "write one number"),
    (
        r"(\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.](\d{4}|\d\d))(\D.*)?",
        "is a date",
        "write a number, such as the days since another date",
    ),
    (r"0[xob][\da-f]+", "is not in decimal digits", "write 16 for 0x10"),
    (r"[+-]?0\d+", "begins with a zero, as codes do", f"write 7 for 007; {NAMES}"),
    (
        r"[+-]?\d{1,3}([,' \u00a0\u202f_]\d{3})+([.]\d*)?|[+-]?\d{1,3}([.]\d{3})+,\d*|[+-]?\d+,\d+",
        "has marks within its digits",
        "write 1234.5 for 1,234.5, and 12.5 for 12,5",
    ),
    (
        r"[^\w.+-]*[+-]?\.?\d[\d.]*\s*[^\d\s].*|[^\d\s]+\s*[+-]?\.?\d[\d.]*",
        "is more than a number",
        "write the number alone, all in one unit",
    ),
    (r".*", "is no number", f"leave the cell empty where it is not known; {NAMES}"),
)


def read_number(cell: Any) -> float:
    """The number in a cell, or in what a person tells.

    Raises:
        BadInput: saying what is there instead; its cause has what to write.
    """
    number = number_in(cell)
    if number is not None and abs(number) <= LARGEST:
        return number
    text = str(cell)
    if number is not None or _is_infinite(text):
        what, mend = BEYOND, SMALLER
    else:
        start = in_ascii(text[:LONGEST])
        _, what, mend = next(other for other in OTHERS if re.fullmatch(other[0], start, FLAGS))
    shown = text if len(text) <= LONGEST else f"{text[:LONGEST]}..." if number is None else f"{number:g}"
    raise BadInput(f"{shown!r} {what}", Cause("a cell", what, shown, mend))


def _is_infinite(text: str) -> bool:
    """Whether a text is read as infinite, as `inf` and 1e400 are."""
    try:
        return math.isinf(float(text))
    except ValueError:
        return False
