"""Reads the predictions that a check looks at: of the served model, in the last hours, a sample if they are many."""

import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd

from sensorium.monitoring import names
from sensorium.monitoring.log.lines import Problems, counted, read_records
from sensorium.serving.journal import PREDICTIONS
from sensorium.serving.live import CHAMPION
from sensorium.targets import logged_in

FIELDS = ("request_id", "role", "model_version", "inputs", "labels", "probabilities")
MOSTLY = 0.8  # fraction of the predictions by one key, from which on a note says so
SAMPLE = 5_000  # predictions that are held in memory


@dataclass
class Window:
    """The predictions of some hours.

    Attributes:
        rows: a random sample, or all, with the columns of `sensorium.monitoring.names`, and ``request_id``, ``time``
            and ``key``.
        predictions: how many there were, sampled or not.
        notes: a sentence for each problem with the log.
    """

    rows: pd.DataFrame
    predictions: int
    notes: list[str] = field(default_factory=list)


def read_window(folder: Path, version: str, hours: float, now: datetime) -> Window:
    """Reads the log of predictions, within bounded memory by reservoir sampling (Vitter 1985, algorithm R).

    Args:
        folder: of the logs.
        version: of the model; predictions of others are counted and left out.
        hours: how far back.
        now: the time of the check.
    """
    problems, random_state = Problems(), random.Random(0)
    rows: list[dict[str, Any]] = []
    seen: set[int] = set()
    other_models: Counter[str] = Counter()
    keys: Counter[str] = Counter()
    repeated = 0
    for time, record in read_records(folder, PREDICTIONS, FIELDS, now - timedelta(hours=hours), now, problems):
        if record["role"] != CHAMPION:
            continue
        if record["model_version"] != version:
            other_models[str(record["model_version"])] += 1
            continue
        name = hash((record.get("key"), record["request_id"]))  # clients choose their ids
        if name in seen:
            repeated += 1
            continue
        seen.add(name)
        keys[str(record.get("key"))] += 1
        place = len(rows) if len(rows) < SAMPLE else random_state.randrange(len(seen))
        if place < SAMPLE:
            rows[place : place + 1] = [flat(record | {"time": time})]
    return Window(_table(rows), len(seen), _notes(problems, other_models, repeated, version) + _largest(keys))


def flat(record: Mapping[str, Any]) -> dict[str, Any]:
    """A record of a prediction as a row, without the probabilities of all classes, which may be thousands."""
    row: dict[str, Any] = {name: record.get(name) for name in ("request_id", "time", "key")}
    row |= {names.present(name): True for name in record["inputs"]}
    for name, descriptors in record.get("descriptors", {}).items():
        row |= {names.descriptor(name, key): value for key, value in descriptors.items()}
    for name, axes in record.get("axes", {}).items():
        row |= {names.axis(name, number): value for number, value in enumerate(axes)}
    row |= {names.value_hash(name): digest for name, digest in record.get("hashes", {}).items()}
    row |= {names.kept_file(name): kept for name, kept in record.get("content", {}).items()}
    for target, kind in logged_in(record):
        row |= {names.prediction(target, what): cell for what, cell in kind.compared_of(record, target).items()}
    return row


def _table(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """The rows as a table, in which a flag that a row lacks is false."""
    table = pd.DataFrame(rows)
    for flag in map(names.present, names.inputs(table)):
        table[flag] = table[flag].notna()
    return table


def _notes(problems: Problems, other_models: Counter[str], repeated: int, version: str) -> list[str]:
    notes = problems.notes(PREDICTIONS)
    for other, number in other_models.most_common(3):
        notes.append(f"Left out: {counted(number, 'prediction')} of model {other}; the served one is {version}.")
    if repeated:
        notes.append(f"Left out: {counted(repeated, 'prediction')} with a request id that was there before.")
    return notes


def _largest(keys: Counter[str]) -> list[str]:
    """A note if one key asked for most of the predictions: drift may only mean that another client asks."""
    (key, number), *other_models = keys.most_common() or [("", 0)]
    if not other_models or number < MOSTLY * keys.total():
        return []
    return [f"{number / keys.total():.0%} of the predictions were asked for by one key, {key!r}."]
