"""What retrains there were, and whether there may be another."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sensorium import paths
from sensorium.files import append_line, write_json
from sensorium.monitoring.log.lines import read_lines
from sensorium.monitoring.settings import Retrain

REASONS = DRIFT, FEEDBACK, BY_HAND = "drift", "feedback", "by hand"
PROMOTED, KEPT, DECLINED, FAILED = "promoted", "kept", "declined", "failed"
PERIOD = timedelta(days=7)  # of the budget
CURRENT, HISTORY = paths.MONITORING / "retrain.json", paths.MONITORING / "retrains.jsonl"
COLLECTED = paths.MONITORING / "collect.json"  # what the last `sensorium collect` answered


def needed(reason: str, settings: Retrain) -> int:
    """How many new labelled predictions a retrain for this reason asks for."""
    return {DRIFT: settings.feedback_on_drift, FEEDBACK: settings.feedback, BY_HAND: 0}[reason]


def refusal(reason: str, settings: Retrain, now: datetime) -> str:
    """Why there may be no retrain now; empty if there may.

    Cooldown and budget are for those that begin by themselves. They count the others, and one that has not ended.
    """
    current = read_current()
    if reason == BY_HAND:
        return (
            f"retrain {current['id']} has not ended; `sensorium conclude` ends it, or `sensorium conclude --failed WHY`"
            if current else ""
        )  # fmt: skip
    began = sorted(datetime.fromisoformat(one["time"]) for one in [*read_history(), *([current] if current else [])])
    if not began:
        return ""
    free = began[-1] + timedelta(hours=settings.cooldown_hours)
    if now < free:
        return (
            f"the last retrain began at {_shown(began[-1])}; the next may from {_shown(free)} (retrain.cooldown_hours)"
        )
    lately = [time for time in began if time > now - PERIOD]
    if len(lately) >= settings.budget:
        return (
            f"{len(lately)} retrains began in the last seven days, which is the budget (retrain.budget); the next may "
            f"from {_shown(lately[-settings.budget] + PERIOD)}"
        )
    return ""


def read_history() -> list[dict[str, Any]]:
    """All retrains that ended, the oldest first."""
    return read_lines(HISTORY)


def read_current() -> dict[str, Any] | None:
    """The retrain that began last and has not ended, if there is one."""
    try:
        said = json.loads(CURRENT.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return said if "ended" not in said else None


def with_a_verdict() -> set[str]:
    """The ids of retrains that came to one, so that what they learnt from is learnt."""
    return {one["id"] for one in read_history() if one.get("outcome") in (PROMOTED, KEPT, DECLINED)}


def begin(said: Mapping[str, Any]) -> None:
    """Writes down that a retrain begins; one that was killed before counts as failed."""
    if unfinished := read_current():
        end(unfinished, FAILED, "it was ended before it came to an outcome")
    write_json(CURRENT, dict(said))


def end(said: Mapping[str, Any], outcome: str, why: str, **more: Any) -> dict[str, Any]:
    """Writes down how a retrain ended; returns all that is known of it."""
    ended = {**said, "ended": datetime.now(UTC).isoformat(timespec="seconds"), "outcome": outcome, "why": why, **more}
    append_line(HISTORY, ended)
    write_json(CURRENT, ended)
    return ended


def _shown(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
