"""Commands that change versions or retrains, killed or failed at every step: typed again, they come to the same end."""

import json
import shutil
import signal
from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from sensorium import paths
from sensorium.monitoring import retrains
from sensorium.registry.champion import read_champion
from sensorium.registry.versions import champions, versions
from tests.commands.test_retrain import tell
from tests.faults import BROKEN, KILL, NO_ROOM, Forks
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
    left = [str(path) for pattern in (".sensorium.*", ".*.tmp") for path in made.root.parent.rglob(pattern)]
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
