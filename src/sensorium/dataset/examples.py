"""Examples for the service's page: test rows as requests, and the categories to choose from."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq

from sensorium.data_root import Files
from sensorium.dataset.columns import ID, ORIGIN, SPLIT
from sensorium.errors import BadInput
from sensorium.modalities import Modality
from sensorium.modalities.request_fields import request_fields
from sensorium.sources.feedback import FOLDER

MOST_BYTES = 2**20  # of an example: it travels with the model, and a browser reads all of them at once
TRIED = 10  # rows for every example, before fewer are offered

Row = Mapping[str, Any]


def read_rows(manifest: Path, prepared: Path) -> dict[str, list[dict[str, Any]]]:
    """The rows by split, without those of feedback: whoever asked the service did not agree to be shown.

    Args:
        manifest: the table with the inputs as they were given.
        prepared: the table that tells split and origin of every row.
    """
    known = pd.read_parquet(prepared, columns=[ID, SPLIT, ORIGIN])
    split_of = known[known[ORIGIN] != FOLDER].set_index(ID)[SPLIT].to_dict()
    rows: dict[str, list[dict[str, Any]]] = {}
    for row in pq.read_table(manifest).to_pylist():
        if row[ID] in split_of:
            rows.setdefault(split_of[row[ID]], []).append(row)
    return rows


def choose_examples(
    rows: Sequence[Row], inputs: Mapping[str, Modality], labels: Sequence[str], files: Files, count: int
) -> list[dict[str, Any]]:
    """Requests as /predict reads them in JSON, of rows that have many inputs and differ in what is to be told.

    Args:
        rows: to choose from.
        inputs: of the model.
        labels: the columns of the model's targets.
        files: that cells name.
        count: how many, at most.
    """
    given = {number: [name for name in inputs if _is_there(row, name, inputs[name])] for number, row in enumerate(rows)}
    shown: set[tuple[str, Any]] = set()
    examples: list[dict[str, Any]] = []
    for _ in range(TRIED * count):
        if not given or len(examples) == count:
            break
        number = max(given, key=lambda number: (len(given[number]), len(_labels(rows[number], labels) - shown)))
        request = _request(rows[number], {name: inputs[name] for name in given.pop(number)}, files)
        if request and len(json.dumps(request, default=str)) <= MOST_BYTES:
            shown |= _labels(rows[number], labels)
            examples.append(request)
    return examples


def known_choices(rows: Sequence[Row], inputs: Mapping[str, Modality], files: Files) -> dict[str, dict[str, list[str]]]:
    """Of inputs whose columns hold names, those to choose from.

    Args:
        rows: of training.
        inputs: of the model.
        files: that cells name.
    """
    offered = {name: kind.choices(_values(rows, name, kind, files)) for name, kind in inputs.items()}
    return {name: columns for name, columns in offered.items() if columns}


def _values(rows: Sequence[Row], name: str, kind: Modality, files: Files) -> Iterator[Any]:
    """Cleaned values, read only as far as somebody looks at them, without those that cannot be used."""
    for row in rows:
        with suppress(BadInput):
            if (value := kind.value(row, name, files)) is not None:
                yield value


def _is_there(row: Row, name: str, kind: Modality) -> bool:
    return any(row.get(column) is not None for column in kind.columns(name))


def _labels(row: Row, labels: Sequence[str]) -> set[tuple[str, Any]]:
    return {(column, row.get(column)) for column in labels}


def _request(row: Row, inputs: Mapping[str, Modality], files: Files) -> dict[str, Any]:
    """Values as the model reads them, without where and by whom a picture was taken; nothing of a file that is gone."""
    request: dict[str, Any] = {}
    for name, field in request_fields(inputs).items():
        values: dict[str, Any] = {}
        for one, kind in field.inputs.items():
            with suppress(BadInput):  # what one input of a column cannot use another may
                if (value := kind.value(row, one, files)) is not None:
                    values[one] = value
        if not values:
            return {}
        request[name] = field.in_json(values)
    return request
