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
from tests.faults import BROKEN, KILL, NO_ROOM, Ended, Forks
from tests.registry.conftest import PARAMS, Repository, start

pytestmark = pytest.mark.slow
RETRAIN = {"cooldown_hours": 0.0, "feedback_on_drift": 2, "trusted": ["shop"]}
COMMANDS = {
    "promote": ["promote"],
    "rollback": ["rollback"],
    "collect": ["collect", "by hand"],
    "conclude": ["conclude"],
    "conclude --failed": ["conclude", "--failed", "the disk is full"],
}


@pytest.fixture(scope="module")
def forks() -> Iterator[Forks]:
    made = Forks()
    yield made
    made.close()


@pytest.fixture(scope="module")
def befores(forks: Forks, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Folders, each with a clone and a cache, as they are before a command."""
    home = tmp_path_factory.mktemp("before")
    clone = home / "now/clone"
    clone.mkdir(parents=True)
    made = start(clone, clone)
    found = {name: home / name for name in COMMANDS}

    def keep(*names: str) -> None:
        for name in names:
            shutil.copytree(home / "now", found[name])

    with chdir(clone):
        learn(made, "first", 0.6)
        assert forks.run(clone, "promote").status == 0
        tell({"p1": "green", "p2": "blue"})
        keep("collect")
        assert forks.run(clone, "collect", "by hand").status == 0
        learn(made, "second", 0.7)
        keep("conclude", "conclude --failed", "promote")
        assert forks.run(clone, "promote").status == 0
        keep("rollback")
    return found


def learn(made: Repository, name: str, accuracy: float) -> None:
    made.make(name, accuracy)
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


def copied(before: Path, to: Path) -> Repository:
    shutil.rmtree(to, ignore_errors=True)
    shutil.copytree(before, to, symlinks=True)
    return Repository(to / "clone")


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
def test_a_command_that_was_killed_or_failed_comes_to_its_end_when_it_is_typed_again(
    command: str, forks: Forks, befores: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SENSORIUM_CACHE", str(tmp_path / "now/cache"))
    typed = COMMANDS[command]
    made = copied(befores[command], tmp_path / "now")
    monkeypatch.chdir(made.root)
    whole = forks.run(made.root, *typed)
    end = state(made)
    assert (whole.status, end["changed"], end["left"]) == (0, "", [])
    assert end | ENDS[command] == end
    places = range(1, len(whole.steps) + 1)
    faults = [(place, KILL) for place in places]
    faults += [(place, NO_ROOM) for place in places[2::6]] + [(place, BROKEN) for place in places[5::6]]
    for place, fault in faults:
        at = f"{fault} at {whole.steps[place - 1]}"
        copied(befores[command], tmp_path / "now")
        monkeypatch.chdir(made.root)
        broken = forks.run(made.root, *typed, place=place, fault=fault)
        assert broken.status == (-signal.SIGKILL if fault == KILL else broken.status), at
        assert fault != NO_ROOM or "Traceback" not in broken.said, broken.said
        assert json.loads(paths.CHAMPION.read_text())["version"] in ("v1.0.0", "v1.1.0"), at
        again = forks.run(made.root, *typed)
        healed = state(made)
        assert healed == end, f"{at}: {broken.said} {again.said}"


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
    command: str, said: str, forks: Forks, befores: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SENSORIUM_CACHE", str(tmp_path / "now/cache"))
    made = copied(befores[command], tmp_path / "now")
    monkeypatch.chdir(made.root)
    other = Forks()
    assert other.run(made.root, "--version").status == 0  # it has loaded all
    with ThreadPoolExecutor(2) as threads:
        both = [*threads.map(lambda one: one.run(made.root, *COMMANDS[command]), (forks, other))]
    other.close()
    second = both[1] if len(both[0].steps) > len(both[1].steps) else both[0]
    assert "another `sensorium` command is at work in this folder; waiting for it to end\n" in second.said
    assert said in second.said
    found = state(made)
    assert found | ENDS[command] == found
    assert (found["changed"], found["left"]) == ("", [])


@pytest.mark.parametrize(
    ("command", "kilobytes"),
    [("promote", 0), ("rollback", 16), ("collect", 16), ("collect", 32), ("collect", 64), ("conclude", 32)],
)
def test_on_a_full_disk_a_command_says_so_and_comes_to_its_end_when_there_is_room(
    command: str,
    kilobytes: int,
    forks: Forks,
    befores: dict[str, Path],
    small_disk: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SENSORIUM_CACHE", str(small_disk / "now/cache"))
    made = copied(befores[command], small_disk / "now")
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
    forks: Forks, befores: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SENSORIUM_CACHE", str(tmp_path / "now/cache"))

    def actors() -> Actors:
        made = copied(befores["collect"], tmp_path / "now")
        monkeypatch.chdir(made.root)
        shutil.rmtree("data/served")
        return Actors(forks, made)

    examples = int(os.environ.get("EXAMPLES", "3"))  # of more, those by chance
    run_state_machine_as_test(
        actors,
        settings=settings(
            max_examples=examples, stateful_step_count=12, derandomize=examples == 3, deadline=None, database=None,
            phases=[Phase.generate],
            suppress_health_check=[*HealthCheck],
        ),
    )  # fmt: skip
