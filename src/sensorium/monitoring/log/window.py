"""The predictions that a check looks at: those of the served model in the last hours, a sample where they are many."""

import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd

from sensorium.monitoring import names
from sensorium.monitoring.log.lines import Reading, counted, read_records
from sensorium.serving.journal import PREDICTIONS
from sensorium.serving.live import CHAMPION

FIELDS = ("request_id", "role", "model_version", "inputs", "labels", "probabilities")
MOSTLY = 0.8
SAMPLE = 5_000  # predictions that are held in memory


@dataclass
class Window:
    """What was predicted in a time.

    Attributes:
        rows: a random sample, or all, with the columns of `sensorium.monitoring.names`, and ``request_id``, ``time``
            and ``key``.
        predictions: how many there were.
        notes: a sentence for each thing that was not as it should be.
    """

    rows: pd.DataFrame
    predictions: int
    notes: list[str] = field(default_factory=list)


def read_window(folder: Path, version: str, hours: float, now: datetime) -> Window:
    """Reads the log of predictions, bounded in memory: a reservoir (Vitter 1985, algorithm R) samples what it holds.

    Args:
        folder: of the logs.
        version: of the model; predictions of others are counted and left out.
        hours: how far back.
        now: the time of the check.
    """
    reading, chance = Reading(), random.Random(0)
    rows: list[dict[str, Any]] = []
    seen: set[int] = set()
    others: Counter[str] = Counter()
    keys: Counter[str] = Counter()
    twice = 0
    for time, record in read_records(folder, PREDICTIONS, FIELDS, now - timedelta(hours=hours), now, reading):
        if record["role"] != CHAMPION:
            continue
        if record["model_version"] != version:
            others[str(record["model_version"])] += 1
            continue
        name = hash((record.get("key"), record["request_id"]))  # clients choose their ids
        if name in seen:
            twice += 1
            continue
        seen.add(name)
        keys[str(record.get("key"))] += 1
        place = len(rows) if len(rows) < SAMPLE else chance.randrange(len(seen))
        if place < SAMPLE:
            rows[place : place + 1] = [flat(record | {"time": time})]
    return Window(_table(rows), len(seen), _notes(reading, others, twice, version) + _largest(keys))


def flat(record: Mapping[str, Any]) -> dict[str, Any]:
    """A record of a prediction as a row, without the probabilities of all classes, which may be thousands."""
    row: dict[str, Any] = {name: record.get(name) for name in ("request_id", "time", "key")}
    row |= {names.present(name): True for name in record["inputs"]}
    for name, said in record.get("said", {}).items():
        row |= {names.descriptor(name, key): value for key, value in said.items()}
    for name, axes in record.get("axes", {}).items():
        row |= {names.axis(name, number): value for number, value in enumerate(axes)}
    row |= {names.mark(name): mark for name, mark in record.get("marks", {}).items()}
    row |= {names.content(name): kept for name, kept in record.get("content", {}).items()}
    for target, shares in record["probabilities"].items():
        row |= {names.said(target): record["labels"][target], names.confidence(target): max(shares.values())}
    return row


def _table(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """The rows; where one has no word of an input, this was not there."""
    table = pd.DataFrame(rows)
    for flag in map(names.present, names.inputs(table)):
        table[flag] = table[flag].notna()
    return table


def _notes(reading: Reading, others: Counter[str], twice: int, version: str) -> list[str]:
    notes = reading.notes(PREDICTIONS)
    for other, number in others.most_common(3):
        notes.append(f"Left out: {counted(number, 'prediction')} of model {other}; the served one is {version}.")
    if twice:
        notes.append(f"Left out: {counted(twice, 'prediction')} with a request id that was there before.")
    return notes


def _largest(keys: Counter[str]) -> list[str]:
    """Who asked for most of what is compared, since what drifted may be no more than who asks."""
    (key, number), *others = keys.most_common() or [("", 0)]
    if not others or number < MOSTLY * keys.total():
        return []
    return [f"{number / keys.total():.0%} of the predictions were asked for by one key, {key!r}."]
