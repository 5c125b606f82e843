"""The predictions that a check looks at: those of the served model in the last hours, a sample where they are many."""

import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd

from sensorium.monitoring.log.lines import Reading, counted, read_records
from sensorium.serving.journal import PREDICTIONS
from sensorium.serving.live import CHAMPION

FIELDS = ("request_id", "role", "model_version", "inputs", "labels", "probabilities")
MOSTLY = 0.8
SAMPLE = 5_000  # predictions that are held in memory
MARK, CONTENT = "mark", "content"


@dataclass
class Window:
    """What was predicted in a time.

    Attributes:
        rows: a random sample, or all, with the columns of the reference, and ``request_id``, ``time``, ``key``,
            ``mark.INPUT``, ``content.INPUT`` (where it is kept), ``TARGET.said`` (the likeliest class) and
            ``TARGET.confidence``.
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
    kept: list[dict[str, Any]] = []
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
        if len(kept) < SAMPLE:
            kept.append({**record, "time": time})
        elif (place := chance.randrange(len(seen))) < SAMPLE:
            kept[place] = {**record, "time": time}
    rows, misshapen = _table(kept)
    reading.damaged += misshapen
    return Window(rows, len(seen) - misshapen, _notes(reading, others, twice, version) + _largest(keys))


def flat(record: Mapping[str, Any]) -> dict[str, Any]:
    """A record of a prediction as a row."""
    row: dict[str, Any] = {name: record.get(name) for name in ("request_id", "time", "key")}
    row |= {f"present.{name}": True for name in record["inputs"]}
    for name, said in record.get("said", {}).items():
        row |= {f"{name}.{key}": value for key, value in said.items()}
    for name, axes in record.get("axes", {}).items():
        row |= {f"{name}.axis.{number}": value for number, value in enumerate(axes)}
    row |= {f"{MARK}.{name}": mark for name, mark in record.get("marks", {}).items()}
    row |= {f"{CONTENT}.{name}": kept for name, kept in record.get("content", {}).items()}
    for target, shares in record["probabilities"].items():
        row |= {f"{target}.said": record["labels"][target], f"{target}.confidence": max(shares.values())}
        row |= {f"{target}.probability.{label}": share for label, share in shares.items()}
    return row


def _table(kept: list[dict[str, Any]]) -> tuple[pd.DataFrame, int]:
    """The records as rows, and how many have the right fields with the wrong things in them."""
    rows = []
    for record in kept:
        try:
            rows.append(flat(record))
        except (AttributeError, KeyError, TypeError, ValueError):
            continue
    table = pd.DataFrame(rows)
    for name in [name for name in table if str(name).startswith("present.")]:
        table[name] = table[name].notna()
    return table, len(kept) - len(rows)


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
