"""The process in which commands begin. It has DVC imported, which takes longer than most of DVC's commands do.

``python -m flows.starter ROOT SOCKET`` takes commands from the socket until that is closed, each with two pipes: one
for what the command writes, one for the process group of all that it starts, and then for its status.
"""

import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import ClassVar, NoReturn, TextIO

from dvc import cli
from dvc.exceptions import DvcException
from dvc.repo import Repo

from sensorium.parent_death import end_with_parent

LONGEST = 2**17  # bytes of a command and its arguments


@dataclass(frozen=True)
class Started:
    """A command that has begun.

    Attributes:
        group: the process group of all that it starts.
        lines: what it writes.
        status: where its status will stand; nothing if it was killed with its group.
    """

    group: int
    lines: TextIO
    status: TextIO


class Starter:
    """Starts commands, which end when this process does.

    Args:
        root: of a repository; it is read at once, so that all of DVC that it takes is imported.
    """

    _of: ClassVar[dict[Path, "Starter"]] = {}
    _one_at_a_time: ClassVar[Lock] = Lock()

    def __init__(self, root: Path) -> None:
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "flows.starter", str(root.absolute()), str(theirs.fileno())],
                cwd=Path(__file__).parents[1],  # where this module is found
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )

    @classmethod
    def of(cls, root: Path) -> "Starter":
        """The one that begins commands in a repository."""
        with cls._one_at_a_time:
            one = cls._of.get(root)
            if one is None or one._process.poll() is not None:
                one = cls._of[root] = cls(root)
        return one

    def start(self, command: list[str], root: Path) -> Started:
        """Starts a command in a folder.

        Raises:
            ChildProcessError: if there is nobody to start it.
        """
        lines, write_lines = os.pipe()
        status, write_status = os.pipe()
        asked = json.dumps([str(root.absolute()), *command]).encode()
        with suppress(BrokenPipeError, ConnectionResetError):  # it has ended: nothing will be written, as below
            socket.send_fds(self._socket, [asked], [write_lines, write_status])
        os.close(write_lines)
        os.close(write_status)
        started, begun = os.fdopen(lines, errors="replace"), os.fdopen(status)
        if not (group := begun.readline()):
            started.close()
            begun.close()
            raise ChildProcessError(
                f"`{' '.join(command)}` did not begin: the process that starts commands has ended; the output of "
                "the run has its last words."
            )
        return Started(int(group), started, begun)


def serve(root: str, asking: socket.socket) -> None:
    """Starts what is asked for until nobody can ask."""
    with suppress(DvcException), Repo(root) as repository:
        repository.index.graph  # noqa: B018 - for what reading it imports
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # how those end that are forked here is told elsewhere
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    starter = os.getpid()
    while True:
        asked, pipes, _, _ = socket.recv_fds(asking, LONGEST, 2)
        if not asked:
            return
        if not os.fork():
            asking.close()
            _run(starter, *json.loads(asked), lines=pipes[0], status=pipes[1])
        for pipe in pipes:
            os.close(pipe)


def _run(starter: int, root: str, *command: str, lines: int, status: int) -> NoReturn:
    """Leads the group of a command, waits for it, and tells its status."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    end_with_parent(starter)
    leader = os.getpid()
    os.write(status, f"{leader}\n".encode())
    child = os.fork()
    if not child:
        end_with_parent(leader)
        os.close(status)
        os.dup2(lines, 1)
        os.dup2(lines, 2)
        os.chdir(root)
        _become(command)
    signal.signal(signal.SIGTERM, _end_group)
    os.close(lines)
    os.write(status, f"{os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])}\n".encode())
    os._exit(0)


def _end_group(*_: object) -> None:
    """Ends all of the group but its leader, who waits: a shell between DVC and a stage would wait for the stage."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.killpg(os.getpid(), signal.SIGTERM)


def _become(command: tuple[str, ...]) -> NoReturn:
    """Does what a command does; one of DVC is here already."""
    if command[0] != "dvc":
        with suppress(OSError):
            os.execvp(command[0], command)
        os._exit(127)  # as a shell says that there is no such command
    sys.argv = list(command)
    try:
        ended = cli.main(command[1:])
    except SystemExit as end:
        ended = end.code
    sys.stdout.flush()
    os._exit(ended)


if __name__ == "__main__":
    serve(sys.argv[1], socket.socket(fileno=int(sys.argv[2])))
