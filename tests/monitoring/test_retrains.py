import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sensorium.monitoring import retrains
from sensorium.monitoring.settings import Retrain

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    retrains.HISTORY.parent.mkdir(parents=True)


def began(*hours_ago: float) -> None:
    """A history of retrains."""
    times = [(NOW - timedelta(hours=hours)).isoformat() for hours in hours_ago]
    retrains.HISTORY.write_text("".join(json.dumps({"id": "r", "time": time}) + "\n" for time in times))


def refusal(*hours_ago: float, reason: str = "drift") -> str:
    began(*hours_ago)
    return retrains.refusal(reason, Retrain(cooldown_hours=10, budget=3), NOW)


def test_there_may_be_a_retrain_when_the_last_one_is_long_ago_and_the_budget_is_not_spent() -> None:
    assert refusal() == ""
    assert refusal(11) == ""
    assert refusal(200, 190, 180, 100, 11) == ""


def test_the_cooldown_and_the_budget_say_when_the_next_may_begin() -> None:
    assert refusal(100, 9) == (
        "the last retrain began at 2026-05-04 03:00 UTC; the next may from 2026-05-04 13:00 UTC "
        "(retrain.cooldown_hours)"
    )
    assert refusal(300, 100, 50, 20) == (
        "3 retrains began in the last seven days, which is the budget (retrain.budget); the next may from "
        "2026-05-07 08:00 UTC"
    )


def test_one_that_has_not_ended_counts_and_a_person_waits_for_nothing_else() -> None:
    assert refusal(100, 50, 20, 1, reason="by hand") == ""
    retrains.begin({"id": "r7", "time": (NOW - timedelta(hours=9)).isoformat()})
    assert refusal(100).startswith("the last retrain began at 2026-05-04 03:00 UTC")
    assert refusal(reason="by hand").startswith("retrain r7 has not ended; `sensorium conclude` ends it")
    retrains.end({"id": "r7", "time": NOW.isoformat()}, "kept", "why")
    assert retrains.refusal("by hand", Retrain(), NOW) == ""


@pytest.mark.parametrize(("reason", "wanted"), [("drift", 20), ("feedback", 100), ("by hand", 0)])
def test_how_much_must_be_told(reason: str, wanted: int) -> None:
    assert retrains.needed_labels(reason, Retrain()) == wanted
