"""The flow against a real server, worker and DVC, on a graph of two quick stages."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.flows.conftest import Server, Toy, make_toy, wait_for, worker
from tests.flows.loop import BEGUN, CHECK, answer, calls, close_the_loop, judge

pytestmark = [pytest.mark.slow, pytest.mark.minutes(2)]


@pytest.fixture
def loop(toy: Toy) -> Toy:
    return close_the_loop(toy)


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory, server: Server) -> Iterator[Toy]:
    """A workspace with a worker in it."""
    made = close_the_loop(make_toy(tmp_path_factory.mktemp("deployed") / "toy", server))
    with worker(made):
        yield made


def test_without_a_need_nothing_begins(loop: Toy) -> None:
    answer(loop, "collect", **(BEGUN | {"begun": False, "why": "the last retrain was an hour ago."}))
    run = loop.flow("retrain")
    assert calls(loop) == [["collect", "by hand"]]
    assert (run["state_type"], run["state_name"]) == ("COMPLETED", "Not begun")
    assert run["state"]["message"] == "the last retrain was an hour ago."
    answer(loop, "collect", error="the workspace has changes that are not committed.")
    run = loop.flow("retrain")
    assert (run["state_name"], len(calls(loop))) == ("Failed", 2)
    assert run["state"]["message"] == "collect: the workspace has changes that are not committed."


def test_a_gate_that_does_not_pass_keeps_the_champion(loop: Toy) -> None:
    judge(loop, passed=False)
    run = loop.flow("retrain", reason="feedback", check="c1")
    assert calls(loop) == [["collect", "feedback", "--check", "c1"], ["conclude"]]
    assert (run["state_type"], run["state_name"]) == ("COMPLETED", "Kept")
    story = loop.server.artifacts(run)["retrain"]
    assert story.startswith("# Kept") and "**The gate did not pass.**" in story
    assert loop.server.tasks(run)["push"]["state_name"] == "No remote"


def test_an_accident_in_a_stage_fails_and_keeps_the_champion(loop: Toy) -> None:
    (loop.root / "metrics/gate.json").write_text('{"passed": false, "rules": []}')  # of an earlier run
    loop.write(gate='echo "error: the card is gone."; exit 2')
    run = loop.flow("retrain")
    assert calls(loop)[1:] == [["conclude", "--failed", "gate: the card is gone."]]
    assert (run["state_type"], run["state_name"]) == ("FAILED", "Failed")
    assert "The gate" not in loop.server.artifacts(run)["retrain"]


def test_a_retrain_that_was_killed_goes_on_when_it_is_started_again(loop: Toy) -> None:
    loop.write(gate="touch begun; exec sleep 60")
    running = loop.start_flow("retrain")
    wait_for(lambda: (loop.root / "begun").exists(), "the stage to begin")
    os.killpg(running.pid, signal.SIGKILL)
    running.wait()
    judge(loop, passed=True)
    why = "no retrain: retrain 20261122T121400Z has not ended; `sensorium conclude` ends it."
    answer(loop, "collect", **(BEGUN | {"id": "other", "begun": False, "why": why, "unfinished": BEGUN}))
    run = loop.flow("retrain")
    assert calls(loop) == [["collect", "by hand"], ["collect", "by hand"], ["conclude"]]
    assert run["state_name"] == "Promoted"
    assert BEGUN["why"] in loop.server.artifacts(run)["retrain"]


def asked(loop: Toy) -> tuple[dict[str, Any], str]:
    """The run in which a person is asked, and the form."""
    run = wait_for(lambda: [run for run in loop.server.runs("approval") if run["state_name"] == "Paused"], "a pause")[0]

    def form() -> list[str]:
        found = loop.server.post(f"flow_runs/{run['id']}/input/filter", prefix="paused", limit=9)
        return [entry["value"] for entry in found]

    wait_for(lambda: len(form()) == 2, "the form")
    return run, "".join(form())


@pytest.mark.parametrize(
    ("said", "name", "conclude"),
    [
        ({"approve": True}, "Promoted", []),
        ({"approve": False, "note": "not on a Friday"}, "Declined", ["--declined", "refused: not on a Friday"]),
    ],
)
def test_a_person_answers(loop: Toy, said: dict[str, Any], name: str, conclude: list[str]) -> None:
    answer(loop, "collect", **(BEGUN | {"approval": True}))
    running = loop.start_flow("retrain")
    approval, form = asked(loop)
    assert loop.server.runs("retrain")[0]["state_name"] == "Running"
    assert "no worse than 0.88" in form and "reports/index.html" in form and "Promote this model" in form
    assert loop.server.post(f"flow_runs/{approval['id']}/resume")["status"] == "REJECT"  # an answer is needed
    assert loop.server.post(f"flow_runs/{approval['id']}/resume", run_input=said)["status"] == "ACCEPT"
    running.communicate(timeout=60)
    assert calls(loop)[1:] == [["conclude", *conclude]]
    assert loop.server.runs("retrain")[0]["state_name"] == name


def test_what_was_not_approved_is_not_promoted(loop: Toy) -> None:
    answer(loop, "collect", **(BEGUN | {"approval": True, "approval_hours": 0.0005}))
    run = loop.flow("retrain")
    assert calls(loop)[1:] == [["conclude", "--declined", "nobody approved within 0.0005 hours"]]
    assert run["state_name"] == "Declined"
    answer(loop, "collect", **(BEGUN | {"approval": True}))
    running = loop.start_flow("retrain")
    approval, _ = asked(loop)
    with Path(loop.root / "dvc.lock").open("a") as lock:
        lock.write("# another run was here\n")
    loop.server.post(f"flow_runs/{approval['id']}/resume", run_input={"approve": True})
    running.communicate(timeout=60)
    assert calls(loop)[-1][:2] == ["conclude", "--declined"]
    assert "another model" in calls(loop)[-1][2]


def identity(loop: Toy, flow: str) -> str:
    return loop.server.post("deployments/filter", flows={"name": {"any_": [flow]}})[0]["id"]


def begin(loop: Toy, flow: str) -> None:
    """Starts a run of a deployment."""
    loop.server.post(f"deployments/{identity(loop, flow)}/create_flow_run", state={"type": "SCHEDULED"})


def retrains(loop: Toy) -> list[dict[str, Any]]:
    """The runs of the deployment, newest first."""
    return [run for run in loop.server.runs("retrain") if run["deployment_id"] == identity(loop, "retrain")]


EMIT = """
from prefect.events import emit_event
from prefect.events.worker import EventsWorker
payload = {"reason": "feedback", "check": "c2"}
emit_event("sensorium.feedback", resource={"prefect.resource.id": "sensorium.champion"}, payload=payload)
EventsWorker.instance().drain()
"""


def test_drift_leads_to_one_retrain_and_a_promotion(deployed: Toy) -> None:
    begin(deployed, "monitor")
    wait_for(lambda: retrains(deployed), "the retrain")
    assert deployed.command("python", "-c", EMIT).returncode == 0
    wait_for(lambda: retrains(deployed)[0]["state_name"] == "Promoted", "the promotion")
    assert [run["parameters"] for run in retrains(deployed)] == [{"reason": "drift", "check": CHECK["id"]}]
    assert calls(deployed) == [["monitor"], ["collect", "drift", "--check", CHECK["id"]], ["conclude"]]
    named = {"event": {"name": ["sensorium.feedback"]}, "resource": {"id": ["sensorium.champion"]}}
    assert deployed.server.post("events/filter", filter=named)["events"]


def test_a_cancelled_retrain_is_concluded_and_blocks_no_other(deployed: Toy) -> None:
    deployed.write(gate="touch begun; exec sleep 60")
    begin(deployed, "retrain")
    wait_for(lambda: (deployed.root / "begun").exists(), "the stage to begin")
    run = retrains(deployed)[0]
    begin(deployed, "retrain")
    beside = wait_for(lambda: [run for run in retrains(deployed) if run["state_name"] == "Not begun"], "the other")[0]
    assert beside["state"]["message"] == "another retrain is at work in this workspace"
    deployed.server.post(f"flow_runs/{run['id']}/set_state", state={"type": "CANCELLING"})
    wait_for(lambda: calls(deployed)[-1] == ["conclude", "--failed", "the run was cancelled"], "the conclusion")
    wait_for(lambda: [gone for gone in retrains(deployed) if gone["state_name"] == "Cancelled"], "the cancellation")
    judge(deployed, passed=True)
    begin(deployed, "retrain")
    wait_for(lambda: retrains(deployed)[0]["state_name"] == "Promoted", "the next retrain")
