"""The flow against a real server and real DVC, on a graph of quick commands."""

import os
import signal
import subprocess
from functools import partial
from pathlib import Path

import psutil
import pytest

from flows.train import override
from tests.faults import BROKEN, KILL, NO_ROOM, Steps, in_a_child
from tests.flows.conftest import Toy, end_session, wait_for, worker

pytestmark = [pytest.mark.slow, pytest.mark.minutes(3)]


def states(tasks: dict[str, dict]) -> dict[str, str]:
    return {name: task["state_name"] for name, task in tasks.items()}


def test_stages_are_tasks_at_once_where_they_can_and_up_to_date_the_second_time(toy: Toy) -> None:
    status, run, tasks = toy.train()
    assert (status, run["state_name"]) == (0, "Completed"), (toy.root / "last.log").read_text()
    assert states(tasks) == {
        "a": "Completed",
        "b@x": "Completed",
        "b@y": "Completed",
        "c": "Completed",
        "push": "No remote",
    }
    assert tasks["c"]["tags"] == ["gpu"]
    (x_start, x_end), (y_start, y_end) = (map(float, (toy.root / f"b.{item}.out").read_text().split()) for item in "xy")
    assert x_start < y_end and y_start < x_end
    assert "a speaks" in wait_for(lambda: toy.server.logs(run), "logs")
    kinds = {
        artifact["key"] for artifact in toy.server.post("artifacts/filter", flow_runs={"id": {"any_": [run["id"]]}})
    }
    assert {"summary", "metrics"} <= kinds
    assert set(states(toy.train()[2]).values()) == {"Up to date", "No remote"}


def test_stages_that_share_a_card_take_turns(toy: Toy) -> None:
    assert toy.command("prefect", "concurrency-limit", "create", "card", "1").returncode == 0
    graph = toy.root / "dvc.yaml"
    graph.write_text(
        graph.read_text().replace("cmd: sh b.sh ${item}", "meta: {tags: [card]}\n      cmd: sh b.sh ${item}")
    )
    assert toy.train()[0] == 0
    (x_start, x_end), (y_start, y_end) = (map(float, (toy.root / f"b.{item}.out").read_text().split()) for item in "xy")
    assert x_end <= y_start or y_end <= x_start


@pytest.mark.parametrize("fault", [KILL, NO_ROOM, BROKEN])
def test_a_change_of_params_that_is_killed_or_fails_leaves_the_old_or_the_new(tmp_path: Path, fault: str) -> None:
    def steps(place: int) -> tuple[str, list[str]]:
        root = tmp_path / str(place)
        (root / ".dvc/tmp").mkdir(parents=True)
        (root / "params.yaml").write_text("number: 1 # kept\n")
        _, seen = in_a_child(partial(override, root, ["number=7"]), Steps(f"{root}/", place, fault))
        return (root / "params.yaml").read_text(), seen

    new, seen = steps(0)
    assert new == "number: 7 # kept\n" and len(seen) > 2
    for place, step in enumerate(seen, 1):
        assert steps(place)[0] in ("number: 1 # kept\n", new), step


def test_overrides_targets_and_force(toy: Toy) -> None:
    assert toy.train("-S", "number=7")[0] == 0
    assert (toy.root / "c.out").read_text() == (toy.root / "params.yaml").read_text() == "number: 7 # kept\n"
    assert set(toy.train("--target", "a", "--force")[2]) == {"a", "push"}
    assert toy.server.tasks(toy.server.last_run())["a"]["state_name"] == "Completed"
    status, run, _ = toy.train("--target", "nothing")
    assert status == 1
    assert "dvc.yaml has no stage 'nothing'; it has a, b@x, b@y, c" in run["state"]["message"]
    status, run, _ = toy.train("-S", "numbr=7")
    assert status == 1 and "numbr" in run["state"]["message"]


def test_a_users_mistake_is_told_once_and_an_accident_is_tried_again(toy: Toy) -> None:
    toy.write(b='[ "$1" = y ] || { echo "error: the table has no rows."; exit 2; }; echo fine > b.$1.out')
    status, run, tasks = toy.train()
    assert status == 1
    assert run["state"]["message"] == "b@x: the table has no rows."
    assert states(tasks) == {"a": "Completed", "b@x": "Failed", "b@y": "Completed", "c": "NotReady"}
    assert tasks["b@x"]["run_count"] == 1
    assert "error: the table has no rows." in tasks["b@x"]["state"]["message"]
    toy.write(b='[ -e again.$1 ] || { touch again.$1; echo "the disk is away"; exit 1; }; echo fine > b.$1.out')
    status, run, tasks = toy.train()
    assert (status, run["state_name"]) == (0, "Completed")
    assert states(tasks)["a"] == "Up to date"
    assert tasks["b@x"]["run_count"] == 2


def begun(toy: Toy, name: str) -> bool:
    return (toy.root / name).exists()


def ended(toy: Toy) -> bool:
    """Whether no process but the tests' own works in the workspace."""
    return all(process.info["cwd"] != str(toy.root) for process in psutil.process_iter(["cwd"]))


SLOW = "touch begun.$1; [ -e go ] || sleep 60; echo end > b.$1.out"


def test_a_cancelled_run_ends_its_children_and_leaves_no_lock(toy: Toy) -> None:
    toy.write(b=SLOW)
    running = toy.start()
    wait_for(lambda: begun(toy, "begun.x"), "the stage to begin")
    running.send_signal(signal.SIGTERM)
    running.wait(60)
    wait_for(lambda: ended(toy), "the children to end")
    (toy.root / "go").touch()
    done = toy.command("dvc", "repro")
    assert done.returncode == 0, done.stdout


def test_a_killed_run_starts_again_where_it_was(toy: Toy) -> None:
    toy.write(b=SLOW)
    running = toy.start()
    wait_for(lambda: begun(toy, "begun.x"), "the stage to begin")
    running.kill()
    running.wait()
    wait_for(lambda: ended(toy), "the children to end")
    (toy.root / "go").touch()
    status, _, tasks = toy.train()
    assert status == 0, (toy.root / "last.log").read_text()
    assert states(tasks)["a"] == "Up to date"
    assert states(tasks)["c"] == "Completed"


def test_two_runs_in_one_workspace_queue(toy: Toy) -> None:
    toy.write(a="echo begin >> a.log; sleep 3; echo end >> a.log; echo > a.out")
    first, second = toy.start("--force", "--target", "a"), toy.start("--force", "--target", "a")
    outputs = [process.communicate(timeout=180)[0] for process in (first, second)]
    assert [first.returncode, second.returncode] == [0, 0], outputs
    assert (toy.root / "a.log").read_text().split() == ["begin", "end", "begin", "end"]
    assert sum("another run is using this workspace" in output for output in outputs) == 1


def test_the_server_going_away_loses_no_stages_work(toy: Toy) -> None:
    toy.write(b="touch begun.$1; sleep 4; date > b.$1.out; echo end >> b.$1.out")
    running = toy.start()
    wait_for(lambda: begun(toy, "begun.x") and begun(toy, "begun.y"), "the stages to begin")
    toy.server.stop()
    wait_for(lambda: all(begun(toy, f"b.{item}.out") for item in "xy"), "the stages to end")
    toy.server.start()
    try:
        running.communicate(timeout=90)
    except subprocess.TimeoutExpired:
        os.killpg(running.pid, signal.SIGKILL)
        running.wait()
    wait_for(lambda: ended(toy), "the run to end")
    status, _, tasks = toy.train()
    assert status == 0, (toy.root / "last.log").read_text()
    assert {states(tasks)[name] for name in ("a", "b@x", "b@y")} == {"Up to date"}


def test_the_deployment_runs_in_the_folder_of_its_worker(toy: Toy) -> None:
    with worker(toy):
        assert str(toy.root) not in toy.command("prefect", "deployment", "inspect", "train/local").stdout
        done = toy.command(
            "prefect", "deployment", "run", "train/local", "--param", 'overrides=["number=5"]', "--watch"
        )
        assert done.returncode == 0, done.stdout
        assert (toy.root / "c.out").read_text() == "number: 5 # kept\n"


def test_a_deployed_run_that_is_cancelled_ends_its_children(toy: Toy) -> None:
    toy.write(b=SLOW)
    with worker(toy):
        toy.command("prefect", "deployment", "run", "train/local")
        wait_for(lambda: begun(toy, "begun.x"), "the stage to begin")
        run = toy.server.last_run()
        assert toy.command("prefect", "flow-run", "cancel", run["id"]).returncode == 0
        wait_for(lambda: toy.server.last_run()["state_name"] == "Cancelled", "the run to be cancelled")
        wait_for(lambda: not stages_at_work(toy), "the children to end")
    (toy.root / "go").touch()
    done = toy.command("dvc", "repro")
    assert done.returncode == 0, done.stdout


def test_after_a_killed_worker_a_run_does_only_what_is_missing(toy: Toy) -> None:
    toy.write(b=SLOW)
    with worker(toy) as running:
        toy.command("prefect", "deployment", "run", "train/local")
        wait_for(lambda: begun(toy, "begun.x"), "the stage to begin")
        end_session(running, signal.SIGKILL)
        wait_for(lambda: not stages_at_work(toy), "the children to end")
    (toy.root / "go").touch()
    (toy.root / ".dvc/tmp/rwlock").write_text("")  # as where DVC was writing it
    with worker(toy):
        toy.command("prefect", "deployment", "run", "train/local")
        wait_for(lambda: toy.server.runs("train")[0]["state_name"] == "Completed", "the run to be completed")
        assert states(toy.server.tasks(toy.server.last_run()))["a"] == "Up to date"


def stages_at_work(toy: Toy) -> bool:
    """Whether a command of DVC, or what it started, is at work in the workspace."""
    commands = [
        " ".join(process.info["cmdline"] or [])
        for process in psutil.process_iter(["cwd", "cmdline"])
        if process.info["cwd"] == str(toy.root)
    ]
    return any("dvc" in command or "sleep" in command for command in commands)
