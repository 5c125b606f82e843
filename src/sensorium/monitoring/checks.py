"""The history of checks."""

from collections.abc import Mapping
from typing import Any

from sensorium import paths
from sensorium.files import append_line
from sensorium.monitoring.log.lines import read_lines

FILE = paths.MONITORING / "checks.jsonl"
KEPT = ("id", "time", "model_version", "predictions", "verdict", "words", "drifted", "performance", "retrain", "page")


def append(check: Mapping[str, Any]) -> None:
    """Adds a check, as `to_json` gives it."""
    append_line(FILE, {name: check[name] for name in KEPT})


def read() -> list[dict[str, Any]]:
    """The checks, the oldest first."""
    return read_lines(FILE)
