"""All checks there were."""

import json
from collections.abc import Mapping
from typing import Any

from sensorium import paths
from sensorium.monitoring.log.lines import read_lines

FILE = paths.MONITORING / "checks.jsonl"
KEPT = ("id", "time", "model_version", "predictions", "verdict", "words", "drifted", "performance", "retrain", "page")


def append(said: Mapping[str, Any]) -> None:
    """Remembers a check."""
    FILE.parent.mkdir(parents=True, exist_ok=True)
    with FILE.open("a", encoding="utf-8") as file:
        file.write(json.dumps({name: said[name] for name in KEPT}, ensure_ascii=False) + "\n")


def read() -> list[dict[str, Any]]:
    """The checks, the oldest first."""
    return read_lines(FILE)
