"""The retrain in progress and the history of retrains, and whether another may begin."""

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
PERIOD = timedelta(days=7)  # that the budget is for
CURRENT, HISTORY = paths.MONITORING / "retrain.json", paths.MONITORING / "retrains.jsonl"
COLLECTED = paths.MONITORING / "collect.json"  # written by the last `sensorium collect`


def needed_labels(reason: str, settings: Retrain) -> int:
    """How many new labelled predictions a retrain needs, by its reason."""
    return {DRIFT: settings.feedback_on_drift, FEEDBACK: settings.feedback, BY_HAND: 0}[reason]


def new_id(now: datetime) -> str:
    """An id for a retrain that begins now: the time, or the next second that no other retrain has."""
    used = {one.get("id") for one in [*read_history(), _read()]}
    while (name := now.strftime("%Y%m%dT%H%M%SZ")) in used:
        now += timedelta(seconds=1)
    return name


def refusal(reason: str, settings: Retrain, now: datetime) -> str:
    """Why no retrain may begin now; empty if one may.

    Cooldown and budget hold for retrains that begin automatically; those by hand and one in progress count as well.
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
    recent = [time for time in began if time > now - PERIOD]
    if len(recent) >= settings.budget:
        return (
            f"{len(recent)} retrains began in the last seven days, which is the budget (retrain.budget); the next may "
            f"from {_shown(recent[-settings.budget] + PERIOD)}"
        )
    return ""


def read_history() -> list[dict[str, Any]]:
    """All finished retrains, the oldest first."""
    ended, last = read_lines(HISTORY), _read()
    return ended if _is_in_history(last, ended) else [*ended, last]


def read_current() -> dict[str, Any] | None:
    """The retrain in progress, if there is one."""
    retrain = _read()
    return retrain if "id" in retrain and retrain.get("begun", True) and "ended" not in retrain else None


def interrupted() -> str:
    """The id of a retrain that was interrupted while its labels were collected; empty if there is none."""
    retrain = _read()
    return "" if retrain.get("begun", True) else retrain["id"]


def finished_ids() -> set[str]:
    """The ids of retrains that came to a verdict: what they learnt from does not count as new again."""
    return {one["id"] for one in read_history() if one.get("outcome") in (PROMOTED, KEPT, DECLINED)}


def prepare(retrain: Mapping[str, Any]) -> None:
    """Records that labels are being collected for a retrain; a retrain in progress ends as failed."""
    _write(retrain, begun=False)


def begin(retrain: Mapping[str, Any]) -> None:
    """Records that a retrain begins."""
    _write(retrain, begun=True)


def note_promotion(retrain: Mapping[str, Any], **more: Any) -> None:
    """Records that the model of a retrain is about to be promoted, so that an interrupted promotion can be completed.

    Args:
        retrain: the retrain.
        more: for `end`, once the model is promoted.
    """
    with private.writing(paths.MONITORING):
        write_json(CURRENT, {**retrain, "promoting": more}, lasting=True)


def end(retrain: Mapping[str, Any], outcome: str, why: str, **more: Any) -> None:
    """Records how a retrain ended, first in CURRENT, then in HISTORY; either is enough."""
    kept = {key: value for key, value in retrain.items() if key != "promoting"}
    ended = {**kept, "ended": datetime.now(UTC).isoformat(timespec="seconds"), "outcome": outcome, "why": why, **more}
    with private.writing(paths.MONITORING):
        write_json(CURRENT, ended, lasting=True)
    _add_to_history(ended)


def _write(retrain: Mapping[str, Any], begun: bool) -> None:
    if unfinished := read_current():
        end(unfinished, FAILED, "it was ended before it came to an outcome")
    _add_to_history(_read())
    with private.writing(paths.MONITORING):
        write_json(CURRENT, {**retrain, "begun": begun}, lasting=True)


def _read() -> dict[str, Any]:
    """The retrain in CURRENT; empty if the file is missing or cannot be read."""
    try:
        retrain = json.loads(CURRENT.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return retrain if isinstance(retrain, dict) else {}


def _add_to_history(retrain: Mapping[str, Any]) -> None:
    """Adds a finished retrain to the history, unless it is there already."""
    if not _is_in_history(retrain, read_lines(HISTORY)):
        with private.writing(paths.MONITORING):
            append_line(HISTORY, retrain)


def _is_in_history(retrain: Mapping[str, Any], history: Sequence[Mapping[str, Any]]) -> bool:
    return "ended" not in retrain or any(one.get("id") == retrain["id"] for one in history)


def _shown(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
