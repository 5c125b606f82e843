"""Runs a reader of foreign bytes in a child process that may take only so much time and memory, and open nothing.

A check of headers cannot bound what a library does with the bytes behind them; the kernel can, whatever they are. The
children are started once and used again; one that is killed, or crashes, costs its own input and nothing else. One
that works long leaves the cores to others, as most inputs are read in no time; another is ready in its place.

One process (`child`) imports the readers and forks a child whenever one is needed, which takes milliseconds. It gets
the child's end of a socket, whose other end stays here. When this process ends, children read the end of their socket,
and end.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Lock, Thread
from typing import Any

from sensorium.decoding.room import Room
from sensorium.errors import BadInput, NothingIn, UserError

KEPT = ("PATH", "HOME", "LD_LIBRARY_PATH", "TMPDIR")  # of the environment, which may hold API keys
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}  # a fork has no other threads
# Address space is what is limited, so none may be held ready: glibc would for other threads, Arrow a gigabyte.
NO_STOCK = {"MALLOC_ARENA_MAX": "1", "ARROW_DEFAULT_MEMORY_POOL": "system"}
CHILD = "sensorium.decoding.child"
FORKED = 60.0  # seconds within which a child is there; the first waits for imports, on a busy machine too
ANSWERED = 90.0  # seconds by the clock within which one answers, or was ended by its own limits long ago
LARGE = 500_000  # bytes; a file of more leaves the cores to others from the beginning,
LONG = 0.1  # any file after so many seconds of the processor; an ordinary picture or sound takes a third of that
POLL = 0.03  # seconds between two checks of one that works
LATER = 10  # steps of niceness: a tenth of the share of those that it leaves the cores to
Reader = Callable[..., bytes]


@dataclass(frozen=True)
class Limits:
    """What reading may take.

    Attributes:
        seconds: of the processor: on a busy machine the same inputs are read as on a quiet one.
        memory: bytes, beyond those of the process that reads nothing.
    """

    seconds: float
    memory: int


class _Died(Exception):  # noqa: N818 - the child, not this process
    """A child did not live to answer.

    Args:
        seconds: that it had worked.
    """

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds


@dataclass
class _Child:
    """One that reads.

    Attributes:
        socket: to it.
        number: of its process.
        gives_way: whether it leaves the cores to others, and so will not read again: without rights no process comes
            back to the front.
    """

    socket: Connection
    number: int
    gives_way: bool = False

    def answer(self, most: int) -> tuple[dict[str, str], bytes]:
        """What it says, and what it read."""
        began, worked = time.monotonic(), self._worked()
        while not self.socket.poll(POLL):
            if not self.gives_way and self._worked() - worked > LONG:
                self.give_way()
            if time.monotonic() - began > ANSWERED:
                os.kill(self.number, signal.SIGKILL)
                raise TimeoutError
        return json.loads(self.socket.recv_bytes(most)), self.socket.recv_bytes(most)

    def give_way(self) -> None:
        """Leaves the cores to others from now on."""
        self.gives_way = True
        with suppress(OSError):  # it is gone
            os.setpriority(os.PRIO_PROCESS, self.number, os.getpriority(os.PRIO_PROCESS, 0) + LATER)

    def _worked(self) -> float:
        """Seconds of the processor; none where that cannot be told."""
        with suppress(OSError, IndexError):
            times = Path(f"/proc/{self.number}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
            return (int(times[11]) + int(times[12])) / os.sysconf("SC_CLK_TCK")
        return 0.0


class _Children:
    """The children of this process, as many as were ever needed at once."""

    def __init__(self) -> None:
        self._small, self._large = Room(), Room()  # who reads what is small does not wait for what is large
        self._lock = Lock()
        self._free: list[_Child] = []
        self._forking: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def ask(self, job: str, content: bytes, most: int) -> tuple[dict[str, str], bytes]:
        """What a child answers, which may take so many bytes of memory.

        Raises:
            _Died: if it did not live to answer.
        """
        child, is_kept = None, False
        try:
            with (self._large if len(content) > LARGE else self._small).take(most):
                child, started = self._take(), time.monotonic()
                try:
                    if len(content) > LARGE:
                        child.give_way()
                    with suppress(BrokenPipeError, ConnectionResetError):  # it died of the first bytes
                        child.socket.send_bytes(job.encode())
                        child.socket.send_bytes(content)
                    reply, read = child.answer(most)
                except (EOFError, OSError) as error:
                    raise _Died(time.monotonic() - started) from error
                is_kept = not child.gives_way
                return reply, read
        finally:
            if child:
                if is_kept:
                    self._free.append(child)
                else:
                    child.socket.close()
                    Thread(target=self._make_ready, daemon=True).start()

    def renew(self) -> None:
        """Gives up those that wait: whatever killed one of them may have killed others."""
        with self._lock:
            while self._free:
                self._free.pop().socket.close()

    def _make_ready(self) -> None:
        """Has a child ready in the place of one that ends, so that who asks next need not wait for a fork."""
        with self._lock, suppress(OSError):  # nobody forks any more; who takes one begins again
            self._free.append(self._fork())

    def _take(self) -> _Child:
        with suppress(IndexError):
            return self._free.pop()
        with self._lock:
            with suppress(OSError):  # nobody forks yet, or not any more
                return self._fork()
            self._begin()
            try:
                return self._fork()
            except OSError as error:
                raise UserError(
                    f"the process that reads files does not start; if there is memory, `python -m {CHILD} 0` says why."
                ) from error

    def _fork(self) -> _Child:
        """A new child.

        Raises:
            OSError: if it is not there in time.
        """
        if self._forking is None:
            raise BrokenPipeError
        ours, theirs = socket.socketpair()
        with theirs:
            socket.send_fds(self._forking, [b"."], [theirs.fileno()])
        child = Connection(ours.detach())
        try:
            if not child.poll(FORKED):
                raise TimeoutError
            return _Child(child, int(child.recv_bytes()))
        except (EOFError, OSError) as error:
            child.close()
            raise BrokenPipeError from error

    def _begin(self) -> None:
        """Starts the process that forks, in the place of one that does not any more."""
        if self._process and self._forking:
            self._forking.close()
            self._process.kill()
            self._process.wait()
        self._forking, theirs = socket.socketpair()
        command = [sys.executable, "-m", CHILD, str(theirs.fileno())]
        environment = {name: os.environ[name] for name in KEPT if name in os.environ}
        environment |= ONE_THREAD | NO_STOCK
        environment["PYTHONPATH"] = os.pathsep.join(sys.path)
        with theirs:
            self._process = subprocess.Popen(
                command, env=environment, pass_fds=[theirs.fileno()], start_new_session=True, stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip


_children = _Children()


def _forget() -> None:
    global _children
    _children = _Children()  # those of the parent talk to the parent


os.register_at_fork(after_in_child=_forget)


def run(reader: Reader, content: bytes, limits: Limits, **settings: Any) -> bytes:
    """What a reader makes of bytes, in a child.

    Args:
        reader: a function of a module, of the bytes and the settings.
        content: the bytes.
        limits: of the reading.
        settings: as JSON can hold them.

    Raises:
        BadInput: what the reader says of the bytes, or that they take more than the limits, or break it.
        NothingIn: if that is what it says.
        UserError: if there can be no child.
    """
    job = {"module": reader.__module__, "name": reader.__name__, "settings": settings}
    asked = json.dumps(job | vars(limits))
    for _ in range(2):  # a child may have died while it waited
        try:
            reply, read = _children.ask(asked, content, limits.memory)
        except _Died as death:
            if death.seconds >= limits.seconds:
                raise BadInput(f"reading it takes longer than {limits.seconds:.1f} seconds") from death
            _children.renew()
            continue
        if nothing := reply.get("nothing"):
            raise NothingIn(nothing)
        if problem := reply.get("problem"):
            raise BadInput(problem)
        return read
    raise BadInput("it is broken in a way that breaks its reader")
