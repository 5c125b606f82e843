"""Processes that fail or are killed at the Nth of the steps by which they change files or start other programs.

``Forks`` has the libraries of the registry loaded once and forks a child for every command, so that one costs no
more than its own work.
"""

import errno
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from tests.conftest import REPOSITORY

KILL, NO_ROOM, BROKEN = "kill", "no room", "broken"
ERRORS = {NO_ROOM: errno.ENOSPC, BROKEN: errno.EIO}
GTO = ("register", "assign")
CHANGES = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.truncate"}
OF_OTHERS = re.compile(r"/\.(git|dvc)/|\.tmp$")  # who are killed as whole programs
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
        seen: the steps so far.
    """

    root: str
    place: int = 0
    fault: str = KILL
    counted: re.Pattern[str] = EVERY
    seen: list[str] = field(default_factory=list)

    def watch(self) -> None:
        """Begins to count, until this process ends."""
        synced = os.fsync

        def sync(opened: int) -> None:
            self._step("fsync", Path(f"/proc/self/fd/{opened}").readlink())
            synced(opened)

        def tag(call: Callable[..., Any], *arguments: Any, **settings: Any) -> Any:
            self._step("tag", f"{self.root}git", str(arguments[1:3]))
            return call(*arguments, **settings)

        os.fsync = sync
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
        if not self.counted.match(step):
            return
        self.seen.append(step)
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

    def close(self) -> None:
        """Ends the process."""
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait()


def _serve() -> None:
    import dvc.repo.add
    import gto.api
    import pandas as pd
    import pyarrow.parquet

    from sensorium import cli
    from sensorium.commands import collect, conclude, promote, rollback  # noqa: F401
    from sensorium.stages import package  # noqa: F401

    del dvc, gto, pd, pyarrow
    for line in sys.stdin:
        folder, command, place, fault = json.loads(line)
        output = tempfile.NamedTemporaryFile()  # noqa: SIM115 - a child writes it

        def work(command: list[str] = command, opened: int = output.fileno()) -> None:
            os.dup2(opened, 1)
            os.dup2(opened, 2)
            cli._leave = sys.exit
            sys.argv = ["sensorium", *command]
            cli.main()

        os.chdir(folder)
        os.environ["SENSORIUM_CACHE"] = str(Path(folder).parent / "cache")
        status, seen = in_a_child(work, Steps(f"{Path(folder).parent}/", place, fault, TELLING))
        print(json.dumps([status, Path(output.name).read_text(), seen]), flush=True)


if __name__ == "__main__":
    _serve()
