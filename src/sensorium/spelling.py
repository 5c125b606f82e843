"""How a name is spelled: equal values alike, whatever file, program or client they come from.

Names are ids, labels, categories, and the values that rows are grouped and sliced by. A table of text knows only "1.0"
where JSON has 1 and another file true: they are one value, and are written in one way everywhere.
"""

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from decimal import Decimal
from math import isfinite
from typing import Any

import numpy as np

WHOLE = re.compile(r"(-?(?:0|[1-9][0-9]*))(?:\.0+)?")  # 007 and 1e5 are codes, 1.10 may be a version
FLAGS = {word: flag for flag in ("true", "false") for word in (flag, flag.capitalize(), flag.upper())}
UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")  # control characters (Cc), lone surrogates (Cs)
LONG = 15  # digits of a number that 32 bits were rounded to, such as 0.10000000149011612
MOST_MARKS = 30  # that stand in a row on one letter; Unicode's own stream-safe format (UAX 15) allows as many
ZEROS = 4  # that a price such as 1.5000 may end with


def is_missing(cell: Any) -> bool:
    """Whether a cell of a table holds nothing: null, an empty string, or what is not even itself, as NaN and NaT."""
    if isinstance(cell, list | tuple | np.ndarray):
        return False  # an empty list says that there is nothing, which is something
    try:
        return cell is None or (isinstance(cell, str) and not cell) or bool(cell != cell)
    except TypeError:  # of pandas' NA nobody can say
        return True
    except ValueError:  # several values at once
        return False


def plain(text: str) -> str:
    """Composed (NFC), with control characters, lone surrogates and runs of white space as single blanks.

    Of combining marks in a row, only as many are kept as any writing has: composing takes the square of their number.
    """
    composed = _few_marks(unicodedata.normalize("NFC", _few_marks(text)))  # some marks fall into two
    return " ".join(UNPRINTABLE.sub(" ", composed).split())


def is_blank(text: str) -> bool:
    """Whether `plain` leaves nothing of a text."""
    return not UNPRINTABLE.sub(" ", text).strip()


def _few_marks(text: str) -> str:
    if len(text) <= MOST_MARKS or text.isascii():
        return text
    kept, run = [], 0
    for letter in text:
        run = run + 1 if unicodedata.combining(letter) else 0
        if run <= MOST_MARKS:
            kept.append(letter)
    return "".join(kept)


def spelled(cell: Any) -> str:
    """The spelling of a value that is not missing; empty if it is a text of nothing but white space.

    Numbers are written as short as they can be (1 for 1.0), truth as ``true`` and ``false``, and a text that says the
    same says it in the same way (``1.0``, ``True``); a list is one of JSON, of its values so spelled; all other texts
    stay, but for control characters and white space.
    """
    if isinstance(cell, np.generic):
        cell = cell.item()
    if isinstance(cell, bytes):
        cell = _text(cell)
    if isinstance(cell, list | tuple | np.ndarray):
        return json.dumps([spelled(one) for one in cell if not is_missing(one)], ensure_ascii=False)
    if isinstance(cell, bool):
        return FLAGS[str(cell)]
    if isinstance(cell, float | Decimal):
        return _number(cell)
    text = plain(str(cell))
    if whole := WHOLE.fullmatch(text):
        return whole[1] if whole[1] != "-0" else "0"
    return FLAGS.get(text, text)


def spellings(cell: Any) -> Iterator[str]:
    """All ways in which a table, or an earlier version, may have written a value, that given first.

    A client has lost the zeros of a number such as 1.50, which a table of text has; of a text nothing is lost.
    """
    name = spelled(cell)
    yield plain(str(cell))
    yield name
    if WHOLE.fullmatch(name):
        yield f"{name}.0"
    elif name in FLAGS:
        yield from (word for word, flag in FLAGS.items() if flag == name)
    elif not isinstance(cell, str):
        yield from (name + "0" * zeros for zeros in range(1, ZEROS + 1) if "." in name)


def merged(cells: Iterable[Any]) -> dict[str, dict[str, int]]:
    """Of the values that texts among these cells spell in several ways, how often each way occurs."""
    ways: dict[str, dict[str, int]] = {}
    for text, count in Counter(cell for cell in cells if isinstance(cell, str)).items():
        if name := spelled(text):
            ways.setdefault(name, {})[text] = count
    return {name: dict(sorted(texts.items())) for name, texts in sorted(ways.items()) if len(texts) > 1}


def _number(number: float | Decimal) -> str:
    if not isfinite(number):
        return str(float(number))
    if number == int(number):
        return str(int(number))
    text = repr(float(number))
    if isinstance(number, Decimal) and Decimal(text) != number:  # of more digits than a float has
        return f"{number:f}".rstrip("0")
    if len(text.strip("-0.")) >= LONG and float(short := np.float32(number)) == number:
        return str(short)
    return text


def _text(content: bytes) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.hex()
