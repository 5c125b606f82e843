from datetime import UTC, datetime, timedelta

import pytest

from sensorium.monitoring import retrains
from sensorium.monitoring.settings import Retrain

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


def began(*hours_ago: float) -> list[dict[str, str]]:
    return [{"time": (NOW - timedelta(hours=hours)).isoformat()} for hours in hours_ago]


def test_there_may_be_a_retrain_when_the_last_one_is_long_ago_and_the_budget_is_not_spent() -> None:
    settings = Retrain(cooldown_hours=10, budget=3)
    assert retrains.refusal([], settings, NOW) == ""
    assert retrains.refusal(began(11), settings, NOW) == ""
    assert retrains.refusal(began(200, 190, 180, 100, 11), settings, NOW) == ""


def test_the_cooldown_and_the_budget_say_when_the_next_may_begin() -> None:
    settings = Retrain(cooldown_hours=10, budget=3)
    assert retrains.refusal(began(100, 9), settings, NOW) == (
        "the last retrain began at 2026-05-04 03:00 UTC; the next may from 2026-05-04 13:00 UTC "
        "(retrain.cooldown_hours)"
    )
    assert retrains.refusal(began(300, 100, 50, 20), settings, NOW) == (
        "3 retrains began in the last seven days, which is the budget (retrain.budget); the next may from "
        "2026-05-07 08:00 UTC"
    )


@pytest.mark.parametrize(("reason", "wanted"), [("drift", 20), ("feedback", 100), ("by hand", 0)])
def test_how_much_must_be_told(reason: str, wanted: int) -> None:
    assert retrains.needed(reason, Retrain()) == wanted
