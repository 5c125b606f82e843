"""Every state of the disk in which a command may leave it: killed before any step, or with an error at any.

The command runs once. Before each of its steps the disk is what a kill would leave; a fork of the process then finds
the error in its way and goes on to its end, before the disk is put back for the process itself.
"""

import errno
import hashlib
import os
import pickle
import re
import shutil
import stat
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

KILL, NO_ROOM, BROKEN = "kill", "no room", "broken"
ERRORS = {NO_ROOM: errno.ENOSPC, BROKEN: errno.EIO}
PATIENCE = 60  # seconds, for a process that found an error
YOUNG = 50_000_000  # nanoseconds, within which a file may change without telling
MEANS_NOTHING = re.compile(  # to who comes next: git's objects by themselves, logs, locks of the kernel
    r"(.*/)?\.git/(objects/.*|logs/.*|COMMIT_EDITMSG|ORIG_HEAD)|(.*/)?\.dvc/tmp/(lock|rwlock|registry\.begun|.*\.lock)|"
    r".*/\.[^/]*\.lock|"
    r".*\.sensorium\.[^/]*\.new/(?!\.aside/).*"  # what is swept, which tests/test_files.py looks at
)
BY_CHANCE = re.compile(r"(\.sensorium\.[0-9a-f]+)\.\w+(\.new)|\.\w{22}(\.tmp)")
Content = dict[str, tuple[int, bytes | str]]  # mode and bytes, or where a link leads, by path


class Disk:
    """A folder that is kept and put back as a whole.

    Args:
        root: the folder.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._known: dict[str, tuple[tuple[int, ...], bytes]] = {}

    def read(self) -> Content:
        """All that it holds."""
        found: Content = {}
        known, self._known = self._known, {}
        now = time.time_ns()
        for path, status in self._walk(self.root):
            name = path.removeprefix(f"{self.root}/")
            mode = status.st_mode
            if stat.S_ISDIR(mode):
                found[name] = mode, b""
            elif stat.S_ISLNK(mode):
                found[name] = mode, str(Path(path).readlink())
            elif stat.S_ISREG(mode):
                marks = status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns
                before = known.get(name)
                content = before[1] if before and before[0] == marks else Path(path).read_bytes()
                found[name] = mode, content
                if now - status.st_ctime_ns > YOUNG:
                    self._known[name] = marks, content
        return found

    def write(self, wanted: Content) -> None:
        """Makes it hold this and nothing else; files that need no change stay the files that they are."""
        here = self.read()
        for name in sorted(here.keys() - wanted.keys(), reverse=True):
            path = self.root / name
            path.rmdir() if stat.S_ISDIR(here[name][0]) else path.unlink()
        for name in sorted(wanted):
            if here.get(name) == wanted[name]:
                continue
            path, (mode, content) = self.root / name, wanted[name]
            if name in here and stat.S_IFMT(here[name][0]) != stat.S_IFMT(mode):
                shutil.rmtree(path) if stat.S_ISDIR(here[name][0]) else path.unlink()
            if stat.S_ISDIR(mode):
                path.mkdir(exist_ok=True)
            elif isinstance(content, str):
                path.unlink(missing_ok=True)
                path.symlink_to(content)
                continue
            else:
                if path.exists():
                    path.chmod(0o600)
                path.write_bytes(content)
            path.chmod(stat.S_IMODE(mode))

    def _walk(self, folder: Path | str) -> Iterator[tuple[str, os.stat_result]]:
        with os.scandir(folder) as entries:
            for entry in entries:
                status = entry.stat(follow_symlinks=False)
                yield entry.path, status
                if stat.S_ISDIR(status.st_mode):
                    yield from self._walk(entry.path)


def key(content: Content) -> str:
    """The same for contents between which the next command sees no difference."""
    from dulwich.index import Index

    told = []
    for name, (mode, inside) in content.items():
        if MEANS_NOTHING.fullmatch(name):
            continue
        if name.endswith(".git/index"):  # which holds times of files, too
            with tempfile.NamedTemporaryFile() as file:
                Path(file.name).write_bytes(inside)  # type: ignore[arg-type]
                inside = repr(sorted((path, entry.sha) for path, entry in Index(file.name).items()))
        name = BY_CHANCE.sub(r"\1\2\3", name)
        told.append(
            (name, stat.S_IFMT(mode), inside if isinstance(inside, str) else hashlib.sha256(inside).hexdigest())
        )
    return hashlib.sha256(repr(sorted(told)).encode()).hexdigest()


@dataclass
class Left:
    """What a command left.

    Attributes:
        step: before which it was killed, or which failed; ``end`` for a whole run.
        fault: which.
        disk: all that is there.
        status: with which it ended after an error.
        said: what it printed then.
    """

    step: str
    fault: str
    disk: Content
    status: int = 0
    said: str = ""


class Explorer:
    """Keeps what each step of this process would leave.

    Args:
        disk: all that it changes.
        faults: errors that each step meets, besides the kill.
    """

    def __init__(self, disk: Disk, faults: tuple[str, ...] = (NO_ROOM, BROKEN)) -> None:
        self._disk, self._faults = disk, faults
        self._busy = False
        self.left: list[Left] = []

    def step(self, name: str, where: str) -> None:
        """Is told before every step."""
        if self._busy or threading.current_thread() is not threading.main_thread():
            return
        self._busy = True
        here = self._disk.read()
        self.left.append(Left(name, KILL, here))
        for fault in self._faults:
            output = tempfile.NamedTemporaryFile(delete=False)  # noqa: SIM115 - the fork writes it
            sys.stdout.flush()
            sys.stderr.flush()
            if not (child := os.fork()):
                os.dup2(output.fileno(), 1)
                os.dup2(output.fileno(), 2)
                self.left = []
                raise OSError(ERRORS[fault], os.strerror(ERRORS[fault]), where)
            status = _wait(child)
            self.left.append(Left(name, fault, self._disk.read(), status, Path(output.name).read_text()))
            Path(output.name).unlink()
            self._disk.write(here)
        self._busy = False

    def keep(self, path: Path) -> None:
        """Writes what was found, at the end of the process that was whole."""
        self._busy = True
        path.write_bytes(pickle.dumps([*self.left, Left("end", KILL, self._disk.read())]))


def _wait(child: int) -> int:
    end = time.monotonic() + PATIENCE
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > end:
            os.kill(child, 9)
            os.waitpid(child, 0)
            return -9
        time.sleep(0.002)


def read(path: Path) -> list[Left]:
    """What an `Explorer` kept."""
    found: Any = pickle.loads(path.read_bytes())
    return found
