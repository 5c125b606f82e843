"""Machines that search together on a PostgreSQL server and Optuna's proxy before it."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from optuna.trial import FrozenTrial, TrialState

from sensorium.errors import UserError
from sensorium.parent_death import end_with_parent
from sensorium.training.search import ENDED, finished, open_study, run_trials
from sensorium.training.shared_search import Machine
from sensorium.training.storage import open_shared
from tests.conftest import REPOSITORY, free_port
from tests.postgres import PROGRAMS, postgres
from tests.training.machine import PLAN, run, run_and_be_killed_once, search

PROXY = """
import sys
from optuna.storages import get_storage, run_grpc_proxy_server

run_grpc_proxy_server(get_storage(sys.argv[1]), host="127.0.0.1", port=int(sys.argv[2]))
"""


@contextmanager
def process(*arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """A Python, killed in the end."""
    found = subprocess.Popen([sys.executable, *arguments], cwd=REPOSITORY, preexec_fn=end_with_parent)
    try:
        yield found
    finally:
        found.kill()
        found.wait()


def told(trials: list[FrozenTrial]) -> list[tuple[object, ...]]:
    return [(one.state, one.value, one.params, one.intermediate_values, one.user_attrs["settings"]) for one in trials]


def wait_until(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.1)


@pytest.mark.slow
@pytest.mark.skipif(not PROGRAMS, reason="Debian's postgresql is not installed; .ci/run installs it")
def test_machines_that_come_and_are_killed_end_with_the_trials_of_one_alone(tmp_path: Path) -> None:
    alone = open_study(tmp_path / "alone.log", "s")
    list(run_trials(alone, PLAN, run))
    port = free_port()
    proxied = f"grpc://127.0.0.1:{port}"

    def machine(name: str, *how: str) -> tuple[str, ...]:
        return ("-m", "tests.training.machine", str(tmp_path / f"{name}.log"), proxied, *how)

    with postgres() as address, process("-c", PROXY, address.replace(":", "+psycopg:", 1), str(port)):
        study = open_shared(proxied, "s")
        with process(*machine("killed", "run_for_ever")):
            wait_until(lambda: bool(study.get_trials(states=[TrialState.RUNNING])))
        with process(*machine("other")) as other:
            here = search(tmp_path / "here.log", address)
            assert other.wait(60) == 0
        late = search(tmp_path / "late.log", proxied)
        states = [one.state for one in open_shared(address, "s").trials]
    there = finished(open_study(tmp_path / "other.log", "s"))
    assert told(here) == told(there) == told(late) == told(finished(alone))
    assert states.count(TrialState.FAIL) >= 1  # that of the machine that was killed
    assert not {TrialState.RUNNING, TrialState.WAITING} & set(states)


@pytest.mark.slow
def test_of_a_process_that_is_killed_a_machine_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    study = open_study(tmp_path / "journal.log", "s")
    plan = replace(PLAN, trials=3)
    places = [one.user_attrs["place"] for one in Machine(study, plan, run_and_be_killed_once, 1).trials()]
    assert (tmp_path / "killed").exists()
    assert places == [0, 1, 2]
    assert {one.state for one in study.trials} <= set(ENDED)


@pytest.mark.parametrize("address", ["postgresql://127.0.0.1:{}/x", "grpc://127.0.0.1:{}"])
def test_where_nobody_answers_a_sentence_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setattr("sensorium.training.storage.PATIENCE", 1)
    asked = address.format(free_port())
    with pytest.raises(UserError, match=rf"^search.storage: {asked} does not answer, or not as it should \(.+\); what"):
        search(tmp_path / "journal.log", asked)
