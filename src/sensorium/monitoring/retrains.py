"""What retrains there were, and whether there may be another."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sensorium import paths, private
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


def new_id(now: datetime) -> str:
    """A name for a retrain that begins now: the time, or the next second that is no other's."""
    taken = {one.get("id") for one in [*read_history(), _read()]}
    while (name := now.strftime("%Y%m%dT%H%M%SZ")) in taken:
        now += timedelta(seconds=1)
    return name


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
    ended, last = read_lines(HISTORY), _read()
    return ended if _is_told(last, ended) else [*ended, last]


def read_current() -> dict[str, Any] | None:
    """The retrain that began last and has not ended, if there is one."""
    said = _read()
    return said if "id" in said and said.get("begun", True) and "ended" not in said else None


def cut_off() -> str:
    """The id of a retrain whose collection was killed before it began; empty if there is none."""
    said = _read()
    return "" if said.get("begun", True) else said["id"]


def with_a_verdict() -> set[str]:
    """The ids of retrains that came to one, so that what they learnt from is learnt."""
    return {one["id"] for one in read_history() if one.get("outcome") in (PROMOTED, KEPT, DECLINED)}


def prepare(said: Mapping[str, Any]) -> None:
    """Writes down that labels are collected for a retrain; one that was killed before counts as failed."""
    _write(said, begun=False)


def begin(said: Mapping[str, Any]) -> None:
    """Writes down that a retrain begins."""
    _write(said, begun=True)


def promise(said: Mapping[str, Any], **more: Any) -> None:
    """Writes down that the model of a retrain is about to be promoted, so that a kill does not hide why it was.

    Args:
        said: of the retrain.
        more: what `end` is to be told.
    """
    with private.writing(paths.MONITORING):
        write_json(CURRENT, {**said, "promoting": more}, lasting=True)


def end(said: Mapping[str, Any], outcome: str, why: str, **more: Any) -> None:
    """Writes down how a retrain ended; what CURRENT says of it is true, whether HISTORY has it yet or not."""
    known = {key: value for key, value in said.items() if key != "promoting"}
    ended = {**known, "ended": datetime.now(UTC).isoformat(timespec="seconds"), "outcome": outcome, "why": why, **more}
    with private.writing(paths.MONITORING):
        write_json(CURRENT, ended, lasting=True)
    _remember(ended)


def _write(said: Mapping[str, Any], begun: bool) -> None:
    if unfinished := read_current():
        end(unfinished, FAILED, "it was ended before it came to an outcome")
    _remember(_read())
    with private.writing(paths.MONITORING):
        write_json(CURRENT, {**said, "begun": begun}, lasting=True)


def _read() -> dict[str, Any]:
    """What CURRENT says; nothing where it is not there or cannot be read."""
    try:
        said = json.loads(CURRENT.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return said if isinstance(said, dict) else {}


def _remember(said: Mapping[str, Any]) -> None:
    """Adds a retrain that ended to those before, if it is not among them."""
    if not _is_told(said, read_lines(HISTORY)):
        with private.writing(paths.MONITORING):
            append_line(HISTORY, said)


def _is_told(said: Mapping[str, Any], history: Sequence[Mapping[str, Any]]) -> bool:
    return "ended" not in said or any(one.get("id") == said["id"] for one in history)


def _shown(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
