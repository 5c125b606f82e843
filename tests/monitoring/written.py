"""A log as a service writes it."""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


def predicted(name: str, minutes_ago: float = 10, **more: Any) -> dict[str, Any]:
    """A line of predictions.jsonl."""
    return {
        "time": (NOW - timedelta(minutes=minutes_ago)).isoformat(),
        "request_id": name,
        "key": "shop",
        "role": "champion",
        "model_version": "m1",
        "inputs": ["text"],
        "hashes": {"text": name},
        "descriptors": {"text": {"words": 4.0, "language": "en"}},
        "axes": {"text": [0.5, -0.5]},
        "labels": {"kind": "cat"},
        "abstained": [],
        "probabilities": {"kind": {"cat": 0.9, "dog": 0.1}},
    } | more


def labelled(name: str, label: str, key: str = "shop", minutes_ago: float = 5, target: str = "kind") -> dict[str, Any]:
    """A line of feedback.jsonl."""
    time = (NOW - timedelta(minutes=minutes_ago)).isoformat()
    return {"time": time, "request_id": name, "labels": {target: label}, "key": key}


def write(path: Path, records: Iterable[Mapping[str, Any] | str]) -> None:
    """Writes records, or lines that are none."""
    lines = [one if isinstance(one, str) else json.dumps(one) for one in records]
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
