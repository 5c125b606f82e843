"""Locks that a killed git or DVC left, and those that are somebody's."""

import json
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import dvc.lock
import pytest

from sensorium.errors import UserError
from sensorium.registry import locks
from sensorium.registry.locks import BEGUN, OF_DVC, at_work, of_dvc
from tests.registry.conftest import Repository

GIT = Path(".git")


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """A repository with a commit; `.dvc` is there, but nothing of DVC's."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(locks, "PATIENCE", 0.3)
    made = Repository(tmp_path)
    made.sh("git", "init", "--quiet", "--initial-branch", "main")
    made.sh("git", "config", "user.name", "Ada")
    made.sh("git", "config", "user.email", "ada@example.org")
    Path(".dvc").mkdir()
    Path("file").touch()
    made.commit()
    return made


@pytest.fixture
def editor(clone: Repository) -> Iterator[subprocess.Popen[bytes]]:
    """A git that waits for its user to write a message, and holds the index meanwhile."""
    Path("file").write_text("changed")
    running = subprocess.Popen(["git", "commit", "--all"], env=os.environ | {"GIT_EDITOR": "sleep 60; false"})
    while not (GIT / "index.lock").exists():
        time.sleep(0.01)
    yield running
    subprocess.run(["pkill", "--parent", str(running.pid)], check=False)
    running.wait()


def cut_off() -> None:
    """As after a command that was killed."""
    BEGUN.parent.mkdir(exist_ok=True)
    BEGUN.touch()


@pytest.mark.parametrize("lock", ["index.lock", "HEAD.lock", "packed-refs.lock", "refs/tags/a/v1.lock"])
def test_a_lock_of_a_command_that_was_killed_is_removed(clone: Repository, lock: str) -> None:
    cut_off()
    (GIT / lock).parent.mkdir(parents=True, exist_ok=True)
    (GIT / lock).touch()
    with at_work():
        assert not (GIT / lock).exists()
        assert BEGUN.exists()
    assert not BEGUN.exists()


def test_a_lock_of_somebody_else_stays_and_the_user_is_told_what_to_type(clone: Repository) -> None:
    words = r"git is locked by \.git/index\.lock; when no git is at work, `(rm \.git/index\.lock)` and do it again\."
    for before in (lambda: None, cut_off):
        (GIT / "index.lock").touch()
        os.utime(GIT / "index.lock", (1, 1))
        before()
        with pytest.raises(UserError, match=words), at_work():
            raise AssertionError
    subprocess.run("rm .git/index.lock", shell=True, check=True)
    with at_work():
        pass


def test_a_git_that_is_at_work_keeps_its_lock_and_is_waited_for(
    clone: Repository, editor: subprocess.Popen[bytes]
) -> None:
    cut_off()
    os.utime(BEGUN, (1, 1))
    words = rf"git is locked by \.git/index\.lock; `git` is at work \(process {editor.pid}\); when no git is at work, "
    with pytest.raises(UserError, match=words), at_work():
        raise AssertionError
    assert (GIT / "index.lock").exists() and BEGUN.exists()
    editor.kill()  # which leaves the lock
    editor.wait()
    assert (GIT / "index.lock").exists()
    with at_work():
        assert clone.sh("git", "commit", "--all", "--message", "more").startswith("[main")


def test_dvcs_note_of_readers_and_writers_loses_the_dead(clone: Repository) -> None:
    me, dead = {"pid": os.getpid(), "cmd": "dvc repro"}, {"pid": 2**22 + 1, "cmd": "dvc repro"}
    OF_DVC.parent.mkdir()
    OF_DVC.write_text(json.dumps({"write": {"a": me, "b": dead}, "read": {"c": [me, dead], "d": [dead]}}))
    with at_work():
        assert json.loads(OF_DVC.read_text()) == {"write": {"a": me}, "read": {"c": [me]}}
    os.utime(OF_DVC, (1, 1))  # before this process, so that its number was another's then
    with at_work():
        assert json.loads(OF_DVC.read_text()) == {"write": {}, "read": {}}
    OF_DVC.write_text('{"write": {"a')
    with at_work():
        assert not OF_DVC.exists()


def test_where_another_dvc_is_at_work_the_user_is_told_what_to_type(
    clone: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    clone.sh("dvc", "init", "--quiet", "--force")
    monkeypatch.setattr(dvc.lock, "DEFAULT_TIMEOUT", 0.1)
    words = r"another DVC is at work in this folder; when none is, `rm -f \.dvc/tmp/lock \.dvc/tmp/rwlock`"
    with dvc.lock.make_lock(".dvc/tmp/lock"), pytest.raises(UserError, match=words), of_dvc() as repository:
        repository.status()
    with of_dvc() as repository:
        assert repository.status() == {}
