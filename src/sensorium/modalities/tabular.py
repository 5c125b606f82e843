"""Tabular: numbers, dates and categories of a row, each in its own column."""

import html
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import starmap
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

import numpy as np
from pydantic import Field, PrivateAttr, model_validator
from pydantic.json_schema import SkipJsonSchema

from sensorium.data_root import Files
from sensorium.encoders.columns import Columns, checksum
from sensorium.encoders.encoder import Encoder, Packaged, Preprocess
from sensorium.encoders.learnt_columns import LearntColumns, columns, days, of_names, of_numbers
from sensorium.errors import BadInput, UserError
from sensorium.modalities.descriptors import AXIS, EMBEDDING, PREDICTIONS, PRESENCE, UNKNOWN, Comparative, Descriptors
from sensorium.modalities.modality import Modality
from sensorium.modalities.unique_keys import unique_keys
from sensorium.modalities.weighted import weighted
from sensorium.modalities.written import Written, moment, number
from sensorium.numerals import numbers_in
from sensorium.section import Column, Section
from sensorium.spelling import is_missing, spelled, spellings

LONGEST = 1000  # characters of a cell
MOST_SHOWN = 200  # characters of a cell
FEWEST_VALUES, MOST_CHOICES = 5, 100  # that have a name which is offered; names of a column that are
FEWEST_CODES, MOST_CODES = 3, 10  # different whole numbers that may be codes, where each stands in 5 rows on average
LARGEST_CODE = 10**9  # what is larger marks a missing number
MANY_NAMES = 32  # of a column whose names are all numbers
AS_COMPUTERS_DO = Written()
TAKEN = (UNKNOWN, PRESENCE, EMBEDDING, PREDICTIONS)


class Learnt(Section):
    """What training rows teach of the columns of each sort, as the encoder reads it."""

    numbers: list[dict[str, Any]]
    dates: list[dict[str, Any]]
    categories: list[dict[str, Any]]


class Tabular(Modality):
    """Columns of numbers, dates and categories read as one input; it is missing where all of them are."""

    kind: Literal["tabular"] = "tabular"
    encoder: Literal["columns"] = "columns"
    numbers: list[Column] = Field([], description="columns that hold numbers")
    categories: list[Column] = Field([], description="columns that hold names, such as a country or a colour")
    dates: list[Column] = Field([], description="columns that hold dates, with or without a time")
    written: dict[Column, Written] = Field({}, description="how a column's numbers or dates are written, by column")
    learnt: SkipJsonSchema[Learnt | None] = None  # by `prepare`, from training rows

    control: ClassVar = "tabular"
    describes_content: ClassVar[bool] = True
    has_names: ClassVar[bool] = True
    has_weights: ClassVar[bool] = False
    max_bytes: ClassVar[int] = 2**20
    comparatives: ClassVar = {
        "unknown": Comparative(
            "fewer categories new to the model",
            "more categories new to the model",
            "share of categories new to the model",
            "points",
        ),
    }
    preprocesses: ClassVar[dict[str, type[Preprocess]]] = {"columns": Columns, "learnt-columns": LearntColumns}

    _known: frozenset[int] = PrivateAttr(frozenset())  # checksums of the names that a model has learnt from

    @model_validator(mode="after")
    def _has_columns(self) -> Self:
        listed = self.columns("")
        if not listed:
            raise ValueError("a tabular input needs column names under numbers, categories or dates")
        if twice := [column for column, times in Counter(listed).items() if times > 1]:
            raise ValueError(f"the column {twice[0]!r} is listed twice; it is a number, a category or a date")
        if others := [column for column in self.written if column not in [*self.numbers, *self.dates]]:
            raise ValueError(f"written: {others[0]!r} is no column under numbers or dates")
        return self

    def columns(self, name: str) -> list[str]:
        return [*self.numbers, *self.categories, *self.dates]

    def raw(self, row: Mapping[str, Any], name: str, files: Files) -> dict[str, Any] | None:
        cells = {column: row[column] for column in self.columns(name) if not is_missing(row.get(column))}
        return cells or None

    def cells(self, name: str, kept: bytes) -> dict[str, Any]:
        return {column: cell for column, cell in json.loads(kept).items() if column in self.columns(name)}

    def openapi(self, file_format: str) -> dict[str, Any]:
        numbers = {column: {"type": ["number", "string", "boolean", "null"]} for column in self.numbers}
        names = {column: {"type": ["string", "number", "boolean", "null"]} for column in self.categories}
        dates = {column: {"type": ["string", "null"]} for column in self.dates}
        return {"type": "object", "additionalProperties": False, "properties": numbers | names | dates}

    def example(self) -> dict[str, Any]:
        return (
            dict.fromkeys(self.numbers, 1.0)
            | dict.fromkeys(self.categories, "a")
            | dict.fromkeys(self.dates, "2026-11-26T00:00:00")
        )

    def decode(self, raw: Any) -> dict[str, Any]:
        if isinstance(raw, str | bytes):
            try:
                raw = json.loads(raw, object_pairs_hook=unique_keys)
            except BadInput:
                raise
            except (ValueError, RecursionError) as error:
                raise BadInput("columns are expected as a JSON object") from error
        if not isinstance(raw, dict):
            raise BadInput(f"columns are expected as an object, not {type(raw).__name__}")
        if unknown := sorted(set(raw) - set(self.columns(""))):
            raise BadInput(f"unknown column {str(unknown[0])[:40]!r}; known: {', '.join(self.columns(''))}")
        given = {column: _short(column, cell) for column, cell in raw.items() if not is_missing(cell)}
        how = {column: self.written.get(column, AS_COMPUTERS_DO) for column in given}
        numbers = {column: number(column, given[column], how[column]) for column in self.numbers if column in given}
        dates = {column: moment(column, given[column], how[column]) for column in self.dates if column in given}
        names = {column: self._name(column, given[column]) for column in self.categories if column in given}
        return numbers | {column: name for column, name in names.items() if name} | dates

    def check(self, value: dict[str, Any]) -> None:
        if not value:
            raise BadInput("all columns are empty")

    def clean(self, value: dict[str, Any]) -> dict[str, Any]:
        return value

    def pack(self, value: dict[str, Any]) -> bytes:
        return json.dumps(value, sort_keys=True, ensure_ascii=False).encode()

    def unpack(self, packed: bytes) -> dict[str, Any]:
        value = json.loads(packed)
        return value | {column: self._name(column, value[column]) for column in self.categories if column in value}

    def describe(self, value: dict[str, Any]) -> Descriptors:
        """The numbers themselves."""
        return {_descriptor(column): value[column] for column in self.numbers if column in value}

    def named(self) -> list[str]:
        return self.categories

    def as_known(self, checksums: np.ndarray) -> Self:
        known = self.model_copy()
        known._known = frozenset(checksums.tolist())
        return known

    def _name(self, column: str, cell: Any) -> str:
        """A category as it is spelled, or as the model knows it: another client, or version, may have spelled it so."""
        known = (name for name in spellings(cell) if checksum(column, name) in self._known)
        return next(known, spelled(cell)) if self._known else spelled(cell)

    def names(self, value: dict[str, Any]) -> list[str]:
        """Its categories."""
        return [f"{column}={value[column]}" for column in self.categories if column in value]

    def choices(self, values: Iterable[dict[str, Any]]) -> dict[str, list[str]]:
        """The commonest categories of each column; rare ones may be about a single person."""
        counts: dict[str, Counter[str]] = {column: Counter() for column in self.categories}
        for value in values:
            for column in self.categories:
                if column in value:
                    counts[column][value[column]] += 1
        return {
            column: sorted(name for name, number in found.most_common(MOST_CHOICES) if number >= FEWEST_VALUES)
            for column, found in counts.items()
        }

    def occlusions(self, value: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
        """Each column; a value of one column has no parts."""
        if len(value) < 2:
            return []
        return [(column, {name: cell for name, cell in value.items() if name != column}) for column in value]

    def show(self, value: dict[str, Any], weights: Sequence[tuple[str, float]]) -> str:
        """A line for every column, those that mattered on colour."""
        of_column = dict(weights)
        lines = (
            f"<tr><th>{html.escape(column)}</th><td><span {weighted(of_column.get(column, 0.0))}>"
            f"{html.escape(str(cell)[:MOST_SHOWN])}</span></td></tr>"
            for column, cell in value.items()
        )
        return f'<table class="columns">{"".join(lines)}</table>'

    def learn(self, values: Iterable[Mapping[str, Any]]) -> Learnt:
        rows = list(values)
        numbers = {column: [row.get(column) for row in rows] for column in self.numbers}
        dates = {column: [row.get(column) for row in rows] for column in self.dates}
        names = {column: [row.get(column) for row in rows] for column in self.categories}
        in_days = {column: [moment and days(moment) for moment in moments] for column, moments in dates.items()}
        return Learnt(
            numbers=list(filter(None, starmap(of_numbers, numbers.items()))),
            dates=list(filter(None, starmap(of_numbers, in_days.items()))),
            categories=list(filter(None, starmap(of_names, names.items()))),
        )

    def left_out(self) -> list[str]:
        read = [column["column"] for sort in (self.learnt or self.learn([])).model_dump().values() for column in sort]
        return [column for column in self.columns("") if column not in read]

    def doubts(self, table: Mapping[str, Sequence[Any]]) -> Iterator[str]:
        """Columns that never vary, numbers that look like codes, and categories that look like amounts."""
        for column in self.columns(""):
            held = {None if cell is None else spelled(cell) for cell in table[column]}
            if len(held) == 1:
                only = held.pop()
                same = "is empty in every row" if only is None else f"is {only!r} in every row"
                yield f"the column {column!r} {same} and says nothing: it is left out"
        for column in self.numbers:
            numbers = [number for number in numbers_in(table[column]) if abs(number) <= LARGEST_CODE]
            values = sorted(set(numbers))
            few = FEWEST_CODES <= len(values) <= MOST_CODES and len(numbers) >= FEWEST_VALUES * len(values)
            if few and all(value.is_integer() for value in values):
                yield (
                    f"the number {column!r} is only {', '.join(f'{value:.0f}' for value in values)}: if these are "
                    "names of something rather than amounts, list it under categories"
                )
        for column in self.categories:
            cells = [cell for cell in table[column] if cell is not None]
            values = sorted(set(numbers_in(cells)))
            if len(numbers_in(cells)) == len(cells) and len(values) > MANY_NAMES:
                yield (
                    f"the category {column!r} has {len(values):,} different values, all of them numbers: if these are "
                    "amounts, list it under numbers"
                )

    def load_folder(self, folder: Path) -> Encoder:
        raise UserError("a tabular input has no encoder to choose; leave `encoder` out.")


def _columns(tabular: Tabular) -> Encoder:
    return columns((tabular.learnt or tabular.learn([])).model_dump())


def _lost(value: dict[str, Any], strength: int, random: np.random.Generator) -> dict[str, Any]:
    """A quarter, half or three quarters of the columns lost, never all."""
    columns = list(value)
    kept = len(columns) - min(len(columns) - 1, round((0.25, 0.5, 0.75)[strength] * len(columns)))
    return {columns[place]: value[columns[place]] for place in sorted(random.permutation(len(columns))[:kept])}


def _short(column: str, cell: Any) -> Any:
    """A cell that is not long.

    Raises:
        BadInput: if it is, or holds several values.
    """
    if isinstance(cell, list | dict):
        raise BadInput(f"column {column!r} holds a list or an object where a single value is expected")
    if isinstance(cell, str | bytes) and len(cell) > LONGEST:
        raise BadInput(f"column {column!r} holds {len(cell):,} characters; at most {LONGEST:,} are read")
    return cell


def _descriptor(column: str) -> str:
    """What a column's number is called beside what else is told of an input: by its own name wherever that is free."""
    ours = column in TAKEN or column.split(".")[0] in (AXIS, "column")
    return f"column.{column}" if ours else column


Tabular.packaged = {"columns": Packaged(_columns)}
Tabular.corruptions = {"lost columns": _lost}
