"""How the cells of a column are written: numbers with thousands marks and units, dates in a country's own way."""

import math
import re
from datetime import UTC, date, datetime
from typing import Any, Self

import numpy as np
from pydantic import Field, model_validator

from sensorium.errors import BadInput, Cause
from sensorium.numerals import in_ascii
from sensorium.section import Section
from sensorium.spelling import plain, spelled

TRUTH = {"true": 1.0, "false": 0.0}  # as JSON's own true and false are read
MOST = float(np.finfo(np.float32).max)
DIGIT = re.compile(r"\d")
SIGNED = re.compile(r"([+-]?)\s*(.*)")
WRITTEN = "say under `written` how they are"
EMPTY = "leave the cell empty where it is not known"
PLAIN = "write it as 1234.5, or say under `written` what thousands mark, decimal sign or unit the column has"
SHOWN = 40  # characters of a cell


class Written(Section):
    """How the cells of a column of numbers or of dates are written in the table and in requests."""

    thousands: str = Field("", max_length=1, description="what stands between the thousands, such as a comma")
    decimal: str = Field(".", min_length=1, max_length=1, description="what stands before the fraction")
    unit: str = Field("", description="what stands before or behind a number, such as kg or €; it may be left out")
    date: str = Field("", description="the order of a date's parts, such as %d.%m.%Y (strftime's letters)")

    @model_validator(mode="after")
    def _is_clear(self) -> Self:
        if self.thousands == self.decimal:
            raise ValueError(f"thousands and decimal are both {self.decimal!r}; nobody could tell them apart")
        if self.date and "%" not in self.date:
            raise ValueError(f"date: {self.date!r} names no part of a date; write it like %d.%m.%Y")
        return self

    def plain_number(self, text: str) -> str:
        """A number as a computer writes it.

        Raises:
            ValueError: if it is written otherwise than here.
        """
        sign, digits = SIGNED.fullmatch(in_ascii(plain(text))).groups()  # type: ignore[union-attr]
        if self.unit:
            digits = digits.removeprefix(self.unit).removesuffix(self.unit).strip()
        if self.thousands:
            whole, *fraction = digits.split(self.decimal)
            if re.fullmatch(rf"\d{{1,3}}({re.escape(self.thousands)}\d{{2,3}})+", whole):
                digits = self.decimal.join([whole.replace(self.thousands, ""), *fraction])
        if (self.decimal != "." and "." in digits) or "_" in digits:  # Python's own mark between thousands
            raise ValueError(text)
        return sign + digits.replace(self.decimal, ".")


def number(column: str, cell: Any, written: Written) -> float:
    """The number in a cell.

    Raises:
        BadInput: if it holds none, or one that no float of 32 bits has.
    """
    subject, shown = f"column {column!r}", repr(cell)[:SHOWN]
    try:
        read = float(TRUTH.get(spelled(cell), written.plain_number(cell)) if isinstance(cell, str) else cell)
    except OverflowError:  # a whole number of more digits than any float has
        read = math.inf
    except (TypeError, ValueError) as error:
        cause = Cause(subject, "holds text", str(cell)[:SHOWN], *_instead(str(cell)[:SHOWN]))
        raise BadInput(f"{subject} holds {str(cell)[:SHOWN]!r} where a number is expected", cause) from error
    if math.isnan(read):
        cause = Cause(subject, "holds what is no number", str(cell)[:SHOWN], EMPTY)
        raise BadInput(f"{subject} holds {shown}, which is no number", cause)
    if abs(read) > MOST:
        mend = f"{EMPTY}, or give all in a larger unit"
        cause = Cause(subject, f"holds what is not within {MOST:.2g}", str(cell)[:SHOWN], mend)
        raise BadInput(f"{subject} holds {shown}, which is not within {MOST:.2g}, as a number must be", cause)
    return read


def _instead(text: str) -> tuple[str, str]:
    """What to do about a cell that is such a text, and what to do where most are."""
    try:
        datetime.fromisoformat(text)
    except ValueError:
        if not DIGIT.search(text):
            return EMPTY, "list it under categories"
        return PLAIN, f"write amounts as 1234.5 or {WRITTEN}, or list it under categories"
    return EMPTY, "list it under dates"


def moment(column: str, cell: Any, written: Written) -> str:
    """The date, with its time where it has one, in a cell: in ISO 8601, in UTC if the cell names a zone.

    Raises:
        BadInput: if it holds none.
    """
    try:
        read = _read(cell, written.date)
        if read.tzinfo is not None:
            read = read.astimezone(UTC).replace(tzinfo=None)
    except (TypeError, ValueError, OverflowError) as error:
        subject, shown = f"column {column!r}", str(cell)[:SHOWN]
        expected = f"as {written.date}" if written.date else "as 2026-11-26 or 2026-11-26T10:30"
        most = f"write dates {expected}, or {WRITTEN}"
        cause = Cause(subject, "holds what is no date", shown, f"write it so, or {WRITTEN}", most)
        raise BadInput(f"{subject} holds {shown!r} where a date is expected, written {expected}", cause) from error
    return read.isoformat(timespec="seconds")


def _read(cell: Any, order: str) -> datetime:
    if isinstance(cell, datetime):  # as Parquet keeps it
        return cell
    if isinstance(cell, date):
        return datetime(cell.year, cell.month, cell.day)
    if not isinstance(cell, str):
        raise TypeError(cell)
    text = plain(cell)
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        if not order:
            raise
        return datetime.strptime(text, order)
