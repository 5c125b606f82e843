"""Processes that fail or are killed at the Nth of the steps by which they change files or start other programs.

``Forks`` has the libraries of the registry loaded once and forks a child for every command, so that one costs no
more than its own work.
"""

import gc
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from sensorium import disk
from tests import crashes
from tests.conftest import REPOSITORY
from tests.crashes import BROKEN as BROKEN
from tests.crashes import ERRORS, KILL, Disk, Explorer, Left
from tests.crashes import NO_ROOM as NO_ROOM

GTO = ("register", "assign")
CHANGES = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.truncate"}
ASKING = re.compile(r"git (rev-parse|show|status|ls-files|log|var) ")  # which changes nothing
OF_OTHERS = re.compile(r"/\.(git|dvc)/(?!tmp/(params|registry)\.)|\.tmp$|\.lock$")  # who are killed as whole programs
EVERY = re.compile("")
TELLING = re.compile(r"tag|git (add|commit|reset|checkout)|os.rename|(os.remove|open) (?!.*\.new/)")  # after which
# another command would find another state


@dataclass
class Steps:
    """Counts the steps of this process and lets one of them fail.

    Attributes:
        root: whose files count.
        place: of the step that fails; 0 for none.
        counted: the steps that count.
        fault: one of `KILL`, which comes before the step, `NO_ROOM` and `BROKEN`.
        explorer: is told of every step, in place of one that fails.
        seen: the steps so far.
    """

    root: str
    place: int = 0
    fault: str = KILL
    counted: re.Pattern[str] = EVERY
    explorer: Explorer | None = None
    seen: list[str] = field(default_factory=list)

    def watch(self) -> None:
        """Begins to count, until this process ends."""
        synced, exchanged = os.fsync, disk.exchange

        def exchange(one: Path, other: Path) -> bool:
            self._step("os.rename", other)
            return exchanged(one, other)

        def sync(opened: int) -> None:
            self._step("fsync", Path(f"/proc/self/fd/{opened}").readlink())
            synced(opened)

        def tag(call: Callable[..., Any], *arguments: Any, **settings: Any) -> Any:
            self._step("tag", f"{self.root}git", str(arguments[1:3]))
            return call(*arguments, **settings)

        os.fsync, disk.exchange = sync, exchange
        if api := sys.modules.get("gto.api"):
            for name in GTO:
                setattr(api, name, partial(tag, getattr(api, name)))
        sys.addaudithook(self._event)

    def _event(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "subprocess.Popen":
            self._step("git", f"{self.root}git", " ".join(map(os.fsdecode, arguments[1][1:3])))
        elif event in CHANGES or (event == "open" and self._writes(arguments)):
            self._step(event, os.fspath(arguments[0]))

    def _writes(self, arguments: tuple[Any, ...]) -> bool:
        path, _, flags = arguments
        return isinstance(path, str | bytes) and bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))

    def _step(self, event: str, path: str | bytes | Path, words: str = "") -> None:
        where = str(Path.cwd() / os.fsdecode(path))
        if not where.startswith(self.root) or OF_OTHERS.search(where):
            return
        if os.path.lexists(where) == (event == "os.mkdir") and event in ("os.mkdir", "os.remove", "os.rmdir"):
            return  # which changes nothing
        step = f"{event} {where.removeprefix(self.root)}" if not words else f"{event} {words}"
        if ASKING.match(f"{step} ") or not self.counted.match(step):
            return
        self.seen.append(step)
        if self.explorer:
            self.explorer.step(step, where)
        if len(self.seen) != self.place:
            return
        if self.fault == KILL:
            os.kill(os.getpid(), signal.SIGKILL)
        number = ERRORS[self.fault]
        raise OSError(number, os.strerror(number), where)


def in_a_child(work: Callable[[], None], steps: Steps) -> tuple[int, list[str]]:
    """Runs a function in a fork of this process; returns its status, negative for a signal, and its steps."""
    read, write = os.pipe()
    child = os.fork()
    if not child:
        os.close(read)
        steps.watch()
        status = 1
        try:
            work()
            status = 0
        except SystemExit as end:
            status = int(end.code or 0)
        except OSError:
            pass
        finally:
            os.write(write, json.dumps(steps.seen).encode())
            os._exit(status)
    os.close(write)
    with os.fdopen(read) as told:
        seen = told.read()
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), json.loads(seen or "[]")


@dataclass
class Ended:
    """How a command ended: its status, negative for a signal, what it printed and what it did."""

    status: int
    said: str
    steps: list[str]


class Forks:
    """A process that forks one for every command of `sensorium`."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=REPOSITORY,
        )

    def run(self, folder: Path, *command: str, place: int = 0, fault: str = KILL) -> Ended:
        """Runs a command in a folder, and has one of its steps fail."""
        assert self._process.stdin and self._process.stdout
        print(json.dumps([str(folder), command, place, fault]), file=self._process.stdin, flush=True)
        return Ended(*json.loads(self._process.stdout.readline()))

    def explore(self, folder: Path, *command: str) -> list[Left]:
        """Runs a command in a folder; returns all that a kill or an error at any of its steps would leave around it."""
        assert self._process.stdin and self._process.stdout
        with tempfile.NamedTemporaryFile() as kept:
            print(json.dumps([str(folder), command, kept.name]), file=self._process.stdin, flush=True)
            status, said, _ = json.loads(self._process.stdout.readline())
            assert status == 0, said
            return crashes.read(Path(kept.name))

    def close(self) -> None:
        """Ends the process."""
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait()


def _explore(work: Callable[[], None], root: Path, kept: Path) -> int:
    """Runs a function in a fork of this process, and keeps what its steps would leave; returns its status."""
    child = os.fork()
    if not child:
        whole, status = os.getpid(), 1
        explorer = Explorer(Disk(root))
        Steps(f"{root}/", explorer=explorer).watch()
        try:
            work()
            status = 0
        except SystemExit as end:
            status = int(end.code or 0)
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            if os.getpid() == whole:
                explorer.keep(kept)
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _serve() -> None:
    import dvc.repo.add
    import gto.api
    import pandas as pd
    import pyarrow.parquet

    from sensorium import cli
    from sensorium.commands import collect, conclude, promote, rollback  # noqa: F401
    from sensorium.stages import package  # noqa: F401

    del dvc, gto, pd, pyarrow
    gc.freeze()  # what forks share need not be copied for each of them
    for line in sys.stdin:
        folder, command, *wanted = json.loads(line)
        output = tempfile.NamedTemporaryFile()  # noqa: SIM115 - a child writes it

        def work(command: list[str] = command, opened: int = output.fileno()) -> None:
            os.dup2(opened, 1)
            os.dup2(opened, 2)
            cli._leave = sys.exit
            sys.argv = ["sensorium", *command]
            cli.main()

        root = Path(folder).parent
        os.chdir(folder)
        os.environ["BENTOML_HOME"] = str(root / "bentoml")
        os.environ["SENSORIUM_CACHE"] = str(root / "cache")
        if len(wanted) == 1:
            status, seen = _explore(work, root, Path(wanted[0])), []
        else:
            status, seen = in_a_child(work, Steps(f"{root}/", *wanted, counted=TELLING))
        print(json.dumps([status, Path(output.name).read_text(), seen]), flush=True)


if __name__ == "__main__":
    _serve()
