"""Locks of git and DVC that stay when their process is killed.

A command writes down that it begins. Where the next one finds that note, the one before was killed, and a lock of
git's that is younger is its: of the git that it had started, or of its own tag. Such a lock is removed once no git is
at work in the repository any more. All others are somebody else's: they are waited for, and told to the user. DVC's
locks end with their process, but for its note of who reads and writes what.
"""

import json
import shlex
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sensorium.errors import UserError
from sensorium.files import remove, write_json
from sensorium.registry.git import git

BEGUN = Path(".dvc/tmp/registry.begun")
OF_GIT = ("index.lock", "HEAD.lock", "packed-refs.lock", "refs/heads/**/*.lock", "refs/tags/**/*.lock")
OF_DVC = Path(".dvc/tmp/rwlock")
PATIENCE = 5  # seconds, for a git that works
ABOUT = 2  # seconds by which the time when a process began may be wrong


@contextmanager
def at_work() -> Iterator[None]:
    """Removes locks of a command that was killed, and leaves a note as long as this one is at work.

    Raises:
        UserError: if another git holds a lock, or may, with what to type when it does not.
    """
    _free_git()
    _free_dvc()
    BEGUN.parent.mkdir(exist_ok=True)
    BEGUN.touch()  # again: a lock that is older is nobody's of this command
    try:
        yield
    finally:
        _remove(_locks())  # of a git that was killed though this command was not
        BEGUN.unlink(missing_ok=True)


@contextmanager
def of_dvc() -> Iterator[Any]:
    """DVC's repository.

    Raises:
        UserError: if another DVC is at work in it, or may be, with what to type when it is not.
    """
    from dvc.lock import LockError
    from dvc.repo import Repo

    try:
        with Repo() as repository:
            yield repository
    except LockError as error:
        raise UserError(
            f"another DVC is at work in this folder; when none is, `rm -f {OF_DVC.with_name('lock')} {OF_DVC}` and do "
            "it again."
        ) from error


def _free_git() -> None:
    end = time.monotonic() + PATIENCE
    while found := _locks():
        working = _remove(found)
        found = [lock for lock in found if lock.exists()]
        if found and time.monotonic() > end:
            who = f"; `{working[0].name()}` is at work (process {working[0].pid})" if working else ""
            names = shlex.join(map(str, found))
            raise UserError(f"git is locked by {found[0]}{who}; when no git is at work, `rm {names}` and do it again.")
        time.sleep(0.1)


def _remove(found: list[Path]) -> list[Any]:
    """Removes those of the locks that are of a dead command, once no git is at work; returns the gits that are."""
    working = _gits() if found else []
    if BEGUN.exists() and not working:
        for lock in found:
            with suppress(FileNotFoundError):
                if lock.stat().st_mtime >= BEGUN.stat().st_mtime:
                    lock.unlink()
                    print(f"{lock} was left by a git that was killed; it is removed", flush=True)
    return working


def _locks() -> list[Path]:
    """Locks that keep git from committing or tagging."""
    folders = git("rev-parse", "--git-dir", "--git-common-dir").splitlines()  # two, in a work tree beside the clone
    return sorted({lock for folder in folders for pattern in OF_GIT for lock in Path(folder).glob(pattern)})


def _gits() -> list[Any]:
    """Processes of git that are at work in the repository, or of which that cannot be told."""
    import psutil

    here = (Path(git("rev-parse", "--show-toplevel")), Path(git("rev-parse", "--absolute-git-dir")))
    found = []
    for process in psutil.process_iter(["name", "cwd", "status"]):
        if not process.info["name"].startswith("git") or process.info["status"] == psutil.STATUS_ZOMBIE:
            continue
        where = process.info["cwd"]
        if where is None or any(folder == Path(where) or folder in Path(where).parents for folder in here):
            found.append(process)
    return found


def _free_dvc() -> None:
    """Removes from DVC's note those who are dead, though their number may be another's now; a torn note goes."""
    from dvc.lock import LockError, make_lock

    if not OF_DVC.is_file():
        return
    try:
        with make_lock(str(OF_DVC.with_suffix(".lock"))):  # as DVC does it, which writes in place
            since = OF_DVC.stat().st_mtime
            try:
                recorded = json.loads(OF_DVC.read_text(encoding="utf-8"))
            except ValueError:
                remove(OF_DVC)
                return
            alive = {kind: _living(held, since) for kind, held in recorded.items()}
            if alive != recorded:
                write_json(OF_DVC, alive)
    except LockError:  # somebody is at work on it, who is not dead
        return


def _living(held: dict[str, Any], since: float) -> dict[str, Any]:
    """Paths, and those who hold them and were there when the note was written."""
    alive: dict[str, Any] = {}
    for path, holders in held.items():
        if isinstance(holders, list):
            if left := [one for one in holders if _was_there(one["pid"], since)]:
                alive[path] = left
        elif _was_there(holders["pid"], since):
            alive[path] = holders
    return alive


def _was_there(number: int, when: float) -> bool:
    """Whether a process of this number is there, and was at a time."""
    import psutil

    try:
        return psutil.Process(number).create_time() < when + ABOUT
    except psutil.NoSuchProcess:
        return False
