"""Commands that change versions or retrains, killed or failed at every step: typed again, they come to the same end."""

import json
import os
import shutil
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import chdir
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from hypothesis import HealthCheck, Phase, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from sensorium import paths
from sensorium.monitoring import retrains
from sensorium.registry.champion import read_champion
from sensorium.registry.versions import champions, versions
from sensorium.serving.deployment import champion_folder
from tests.commands.test_retrain import tell
from tests.conftest import fill
from tests.crashes import NO_ROOM, Content, Disk, key
from tests.faults import Ended, Forks
from tests.registry.conftest import PARAMS, Repository, start

pytestmark = [pytest.mark.slow, pytest.mark.minutes(2)]
RETRAIN = {"cooldown_hours": 0.0, "feedback_on_drift": 2, "trusted": ["shop"]}
COMMANDS = {
    "promote": ["promote"],
    "rollback": ["rollback"],
    "collect": ["collect", "by hand"],
    "conclude": ["conclude"],
    "conclude --failed": ["conclude", "--failed", "the disk is full"],
}


@pytest.fixture(scope="module")
def befores(forks: Forks, disk: Disk) -> dict[str, Content]:
    """What the folder holds before each command."""
    clone = disk.root / "clone"
    clone.mkdir()
    made = start(clone, clone)
    found = {}

    with chdir(clone):
        learn(made, "first", 0.6)
        assert forks.run(clone, "promote").status == 0
        tell({"p1": "green", "p2": "blue"})
        found["collect"] = disk.read()
        assert forks.run(clone, "collect", "by hand").status == 0
        learn(made, "second", 0.7)
        found |= dict.fromkeys(("conclude", "conclude --failed", "promote"), disk.read())
        assert forks.run(clone, "promote").status == 0
        found["rollback"] = disk.read()
    return found


@pytest.fixture(scope="module")
def other(disk: Disk) -> Iterator[Forks]:
    """Another who types at the same time."""
    made = Forks()
    assert made.run(disk.root, "--version").status == 0  # it has loaded all
    yield made
    made.close()


@pytest.fixture
def clone(disk: Disk, monkeypatch: pytest.MonkeyPatch) -> Repository:
    monkeypatch.setenv("SENSORIUM_CACHE", str(disk.root / "cache"))
    monkeypatch.chdir(disk.root / "clone")
    return Repository(disk.root / "clone")


def learn(made: Repository, name: str, accuracy: float) -> None:
    Path("model.json").write_text(json.dumps({"name": name, "accuracy": accuracy, "serve": None}))
    Path("params.yaml").write_text(yaml.safe_dump({**PARAMS, "retrain": RETRAIN}))
    made.sh("dvc", "repro", "--quiet")
    made.commit()


def state(made: Repository) -> dict[str, Any]:
    """All that a command leaves, but for times and names by chance."""
    champion, rows = read_champion(), Path("data/feedback/rows.parquet")
    left = [str(path) for pattern in (".sensorium.*", "data/**/.*.tmp") for path in made.root.parent.rglob(pattern)]
    return {
        "stages": {version.name: version.stage for version in versions()},
        "line": champions(),
        "champion": champion and champion.version,
        "changed": made.sh("git", "status", "--porcelain"),
        "left": left + [str(path) for path in [paths.PROMOTION] if path.exists()],
        "retrains": [(one["outcome"], one["version"], one["why"]) for one in retrains.read_history()],
        "at work": retrains.read_current() is not None,
        "rows": pd.read_parquet(rows)["request_id"].tolist() if rows.is_file() else [],
        "log": len(made.sh("git", "log", "--format=%h").split()),
    }


ENDS = {
    "promote": {"stages": {"v1.0.0": "archived", "v1.1.0": "champion"}, "champion": "v1.1.0"},
    "rollback": {"stages": {"v1.0.0": "champion", "v1.1.0": "archived"}, "champion": "v1.0.0", "line": ["v1.0.0"]},
    "collect": {"rows": ["p1", "p2"], "at work": True, "retrains": []},
    "conclude": {
        "champion": "v1.1.0",
        "retrains": [("promoted", "v1.1.0", "v1.1.0 is the champion: all 1 rules of the gate passed.")],
    },
    "conclude --failed": {
        "champion": "v1.0.0",
        "retrains": [("failed", None, "the champion v1.0.0 stays: the disk is full.")],
    },
}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_that_is_killed_or_fails_at_any_step_comes_to_its_end_when_it_is_typed_again(
    command: str, forks: Forks, disk: Disk, befores: dict[str, Content], clone: Repository
) -> None:
    typed = COMMANDS[command]
    disk.write(befores[command])
    found = forks.explore(clone.root, *typed)
    disk.write(found[-1].disk)
    end = state(clone)
    assert (end["changed"], end["left"]) == ("", [])
    assert end | ENDS[command] == end
    known = {key(befores[command])}  # what is typed there was just seen
    for left in found:
        at = f"{left.fault} at {left.step}: {left.said}"
        assert left.fault != NO_ROOM or (left.status in (0, 2) and "Traceback" not in left.said), at
        assert json.loads(left.disk["clone/models/champion.json"][1])["version"] in ("v1.0.0", "v1.1.0"), at
        if (known_by := key(left.disk)) in known:
            continue
        known.add(known_by)
        disk.write(left.disk)
        again = forks.run(clone.root, *typed)
        assert state(clone) == end, f"{at} {again.said}"


@pytest.mark.parametrize("too", [True, False])
@pytest.mark.parametrize("hook", ["pre-commit", "reference-transaction prepared", "reference-transaction committed"])
def test_a_git_that_is_killed_with_its_command_or_alone_leaves_locks_that_need_nobody(
    hook: str, too: bool, forks: Forks, disk: Disk, befores: dict[str, Content], clone: Repository
) -> None:
    disk.write(befores["promote"])
    name, _, when = hook.partition(" ")
    path = clone.root / ".git/hooks" / name
    command = '$(cut -d " " -f 4 /proc/$PPID/stat)' if too else ""
    path.write_text(f'#!/bin/sh\n[ "$1" = "{when}" ] && kill -9 {command} $PPID\nexit 0\n')
    path.chmod(0o755)
    assert forks.run(clone.root, "promote").status == (-signal.SIGKILL if too else 2)
    path.unlink()
    assert [*clone.root.glob(".git/*.lock"), *clone.root.glob(".git/refs/**/*.lock")] or not too
    again = forks.run(clone.root, "promote")
    assert again.status == 0, again.said
    found = state(clone)
    assert found | ENDS["promote"] == found
    assert (found["changed"], found["left"]) == ("", [])


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("promote", "error: v1.1.0 is the champion already.\n"),
        ("rollback", "error: there is nothing to go back to: v1.0.0 is the first champion.\n"),
        ("collect", "has not ended; `sensorium conclude` ends it"),
        ("conclude", "error: no retrain was begun; `sensorium collect` begins one.\n"),
    ],
)
def test_of_two_at_once_one_waits_and_finds_it_done(
    command: str,
    said: str,
    forks: Forks,
    other: Forks,
    disk: Disk,
    befores: dict[str, Content],
    clone: Repository,
) -> None:
    disk.write(befores[command])
    with ThreadPoolExecutor(2) as threads:
        both = [*threads.map(lambda one: one.run(clone.root, *COMMANDS[command]), (forks, other))]
    second = both[1] if len(both[0].steps) > len(both[1].steps) else both[0]
    assert "another `sensorium` command is at work in this folder; waiting for it to end\n" in second.said
    assert said in second.said
    found = state(clone)
    assert found | ENDS[command] == found
    assert (found["changed"], found["left"]) == ("", [])


@pytest.mark.parametrize(
    ("command", "kilobytes"),
    [("promote", 0), ("rollback", 16), ("collect", 32), ("conclude", 32)],
)
def test_on_a_full_disk_a_command_says_so_and_comes_to_its_end_when_there_is_room(
    command: str,
    kilobytes: int,
    forks: Forks,
    befores: dict[str, Content],
    small_disk: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = small_disk / "now"
    monkeypatch.setenv("SENSORIUM_CACHE", str(now / "cache"))
    now.mkdir()
    Disk(now).write(befores[command])
    made = Repository(now / "clone")
    monkeypatch.chdir(made.root)
    filler = fill(small_disk, kilobytes)
    full = forks.run(made.root, *COMMANDS[command])
    assert full.status == 2
    assert full.said.splitlines()[-1].startswith("error: ") and "make room" in full.said
    assert "Traceback" not in full.said
    filler.unlink()
    assert forks.run(made.root, *COMMANDS[command]).status == 0
    found = state(made)
    assert found | ENDS[command] == found
    assert (found["changed"], found["left"]) == ("", [])


OF_VERSIONS = [["promote"], ["rollback"], ["promote", "--challenger"], ["promote", "v1.0.0"]]
OF_RETRAINS = [["collect", "by hand"], ["conclude"], ["conclude", "--failed", "x"], ["conclude", "--declined", "x"]]
PLACES = st.one_of(st.integers(1, 14), st.just(0))  # of the step that is killed, 0 for none


class Actors(RuleBasedStateMachine):
    """Two people and a service in one clone, whose commands are killed now and then.

    Args:
        forks: run the commands.
        made: the clone, where one model is champion.
    """

    def __init__(self, forks: Forks, made: Repository) -> None:
        super().__init__()
        self.forks, self.made = forks, made
        self.models, self.typed = 1, False  # whether anything was, since the last model
        self.told: dict[str, str] = {}
        self.learnt: set[str] = set()

    @rule(typed=st.sampled_from(OF_VERSIONS), place=PLACES)
    def change_versions(self, typed: list[str], place: int) -> None:
        """Somebody changes versions, and may be killed."""
        self._type(typed, place)

    @rule(typed=st.sampled_from(OF_RETRAINS), place=PLACES)
    def change_retrains(self, typed: list[str], place: int) -> None:
        """Somebody begins or ends a retrain, and may be killed."""
        self._type(typed, place)

    @rule()
    def tell(self) -> None:
        """Somebody tells the service of one more prediction."""
        self.told[f"p{len(self.told)}"] = "green"
        tell(self.told)

    @precondition(lambda self: self.typed)
    @rule(accuracy=st.sampled_from([0.7, 0.6, 0.4]))
    def train(self, accuracy: float) -> None:
        """Somebody trains another model and commits all that is there."""
        self.models, self.typed = self.models + 1, False
        learn(self.made, f"model{self.models}", accuracy)

    def _type(self, typed: list[str], place: int) -> None:
        ended = self.forks.run(self.made.root, *typed, place=place)
        note(f"{typed} {place}: {ended.status} {ended.said}{ended.steps[place - 1 : place]}")
        assert ended.status in (0, 2, -signal.SIGKILL), ended.said
        self.typed = True
        self._learn()
        if ended.status != -signal.SIGKILL:
            self._look(typed, ended)

    def _learn(self) -> None:
        """Labels that a retrain with a verdict had are learnt, once."""
        rows = Path("data/feedback/rows.parquet")
        if rows.is_file():
            table, ended = pd.read_parquet(rows), retrains.finished_ids()
            self.learnt |= set(table.loc[table["retrain"].isin([*ended]), "request_id"])

    def _look(self, typed: list[str], ended: Ended) -> None:
        found = state(self.made)
        stages = [name for name, stage in found["stages"].items() if stage == "champion"]
        assert stages == [found["champion"]] == found["line"][-1:]
        assert [name for name in found["changed"].split() if "champion" in name or "feedback" in name] == []
        assert found["left"] == []
        assert (champion_folder() / "manifest.json").is_file()
        assert len(set(found["rows"])) == len(found["rows"])
        assert set(found["rows"]) >= self.learnt
        if typed[0] == "collect" and (said := json.loads(retrains.COLLECTED.read_text()))["begun"]:
            assert set(found["rows"]) == set(self.told)
            assert said["new"] == len(self.told.keys() - self.learnt)
        if typed == ["promote"] and not ended.status:
            assert json.loads(paths.CHAMPION.read_text())["model_version"] == f"model{self.models}"


def test_whatever_two_people_type_and_whatever_is_killed_versions_agree_and_every_label_is_learnt_once(
    forks: Forks, disk: Disk, befores: dict[str, Content], clone: Repository
) -> None:
    def actors() -> Actors:
        disk.write(befores["collect"])
        shutil.rmtree("data/served")
        return Actors(forks, clone)

    examples = int(os.environ.get("EXAMPLES", "3"))  # of more, those by chance
    run_state_machine_as_test(
        actors,
        settings=settings(
            max_examples=examples, stateful_step_count=12, derandomize=examples == 3, deadline=None, database=None,
            phases=[Phase.generate],
            suppress_health_check=[*HealthCheck],
        ),
    )  # fmt: skip
