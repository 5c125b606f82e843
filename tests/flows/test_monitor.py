"""The flow against a real server; what the check finds is given."""

from typing import Any

import pytest

from tests.flows.conftest import Toy, wait_for
from tests.flows.loop import CHECK, answer, calls, close_the_loop

pytestmark = pytest.mark.slow


@pytest.fixture
def loop(toy: Toy) -> Toy:
    return close_the_loop(toy)


def asked(loop: Toy, run: dict[str, Any]) -> list[dict[str, Any]]:
    """The events that a run emitted."""
    resources = {"id": [f"prefect.flow-run.{run['id']}"]}
    found = loop.server.post("events/filter", filter={"event": {"prefix": ["sensorium."]}, "related": resources})
    return found["events"]


def test_drift_asks_once_for_a_retrain_and_is_told_in_words(loop: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENSORIUM_REPORTS_URL", "http://reports.example.com/")
    run = loop.flow("monitor", hours=6.0)
    assert calls(loop) == [["monitor", "--hours", "6"]]
    assert (run["state_name"], run["state"]["message"]) == ("Drift", CHECK["words"])
    left = loop.server.artifacts(run)
    assert left["monitoring"].startswith("# speech drifted: clips are 40% shorter")
    assert "http://reports.example.com/monitoring/20261122T121314Z/index.html" in left["monitoring-page"]
    events = wait_for(lambda: asked(loop, run), "the event")
    assert [event["event"] for event in events] == ["sensorium.drift"]
    assert events[0]["resource"] == {"prefect.resource.id": "sensorium.champion"}
    assert events[0]["payload"] == {"reason": "drift", "check": CHECK["id"], "words": CHECK["words"]}


def test_without_drift_nothing_is_asked_for(loop: Toy) -> None:
    answer(loop, "monitor", **(CHECK | {"verdict": "no drift", "words": "nothing drifted", "retrain": None}))
    run = loop.flow("monitor")
    assert calls(loop) == [["monitor"]]
    assert (run["state_type"], run["state_name"]) == ("COMPLETED", "No drift")
    answer(loop, "monitor", error="there is no model yet; run the pipeline first.")
    failed = loop.flow("monitor")
    assert failed["state_name"] == "Failed"
    assert failed["state"]["message"] == "monitor: there is no model yet; run the pipeline first."
    assert not asked(loop, run) and not asked(loop, failed)


def test_the_server_plans_checks_by_the_clock(loop: Toy) -> None:
    """With SQLAlchemy 2.1 Prefect 3.8's scheduler fails on every deployment, and says so in its log only."""
    loop.edit("prefect.yaml", "active: false", "active: true")
    loop.command("prefect", "work-pool", "create", "--type", "process", "local")
    done = loop.command("prefect", "--no-prompt", "deploy", "--all")
    assert done.returncode == 0, done.stdout

    def planned() -> list[str]:
        return [run["expected_start_time"] for run in loop.server.runs("monitor") if run["state_type"] == "SCHEDULED"]

    try:
        times = sorted(wait_for(lambda: len(planned()) > 1 and planned(), "runs that are planned"))
    finally:
        loop.command("prefect", "deployment", "delete", "monitor/local")
    assert {time[14:19] for time in times} == {"00:00"}  # every hour, on the hour
