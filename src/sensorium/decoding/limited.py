"""Runs a reader of foreign bytes in a child process that may take only so much time and memory, and open nothing.

A check of headers cannot bound what a library does with the bytes behind them; the kernel can, whatever they are. The
children are started once and used again; one that is killed, or crashes, costs its own input and nothing else.

One process imports the readers and forks a child whenever one is needed, which takes milliseconds. It gets the child's
end of a socket, whose other end stays here. When this process ends, children read the end of their socket, and end.

``python -m sensorium.decoding.limited FD`` is that process.
"""

import ctypes
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from multiprocessing.connection import Connection
from pathlib import Path
from threading import BoundedSemaphore, Lock
from typing import Any

from sensorium.errors import BadInput

READERS = ("sensorium.decoding.picture", "sensorium.decoding.sound")  # that are ready before children are forked
MOST = 8  # children at once, of every process: so many times the memory may be in use
STUCK = 20  # seconds by the clock, for what uses no processor
LONGEST = 300  # letters of what a library says
KEPT = ("PATH", "HOME", "LD_LIBRARY_PATH", "TMPDIR")  # of the environment, which may hold API keys
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}  # a fork has no other threads
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


class _Children:
    """The children of this process, as many as were ever needed at once."""

    def __init__(self) -> None:
        self._places = BoundedSemaphore(MOST)
        self._lock = Lock()
        self._free: list[Connection] = []
        self._forking: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def ask(self, job: str, content: bytes, most: int) -> tuple[dict[str, str], bytes]:
        """What a child answers, in so many bytes at most.

        Raises:
            EOFError: if it did not live to answer.
        """
        with self._places:
            child = self._take()
            try:
                with suppress(BrokenPipeError, ConnectionResetError):  # it died of the first bytes
                    child.send_bytes(job.encode())
                    child.send_bytes(content)
                said, read = json.loads(child.recv_bytes(most)), child.recv_bytes(most)
            except BaseException as error:
                child.close()
                if isinstance(error, OSError):
                    raise EOFError from error
                raise
            self._free.append(child)
            return said, read

    def renew(self) -> None:
        """Gives up those that wait: whatever killed one of them may have killed others."""
        with self._lock:
            while self._free:
                self._free.pop().close()

    def _take(self) -> Connection:
        with self._lock:
            with suppress(IndexError):
                return self._free.pop()
            with suppress(OSError):  # nobody forks yet, or not any more
                return self._fork()
            self._begin()
            return self._fork()

    def _fork(self) -> Connection:
        if self._forking is None:
            raise BrokenPipeError
        ours, theirs = socket.socketpair()
        with theirs:
            socket.send_fds(self._forking, [b"."], [theirs.fileno()])
        return Connection(ours.detach())

    def _begin(self) -> None:
        """Starts the process that forks."""
        self._forking, theirs = socket.socketpair()
        command = [sys.executable, "-m", __name__, str(theirs.fileno())]
        environment = {name: os.environ[name] for name in KEPT if name in os.environ} | ONE_THREAD
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
    """
    job = {"module": reader.__module__, "name": reader.__name__, "settings": settings}
    asked = json.dumps(job | vars(limits))
    for _ in range(2):  # a child may have died while it waited
        started = time.monotonic()
        try:
            said, read = _children.ask(asked, content, limits.memory)
        except EOFError as error:
            if time.monotonic() - started >= limits.seconds:
                raise BadInput(f"reading it takes longer than {limits.seconds:.1f} seconds") from error
            _children.renew()
            continue
        if problem := said.get("problem"):
            raise BadInput(problem)
        return read
    raise BadInput("it is broken in a way that breaks its reader")


def _serve(descriptor: int) -> None:
    """Forks a child for every socket that comes, until no more can come."""
    for module in READERS:
        import_module(module).begin()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them
    with socket.socket(fileno=descriptor) as asked:
        while True:
            _, found, _, _ = socket.recv_fds(asked, 1, 1)
            if not found:
                return
            if os.fork() == 0:
                asked.close()
                _work(Connection(found[0]))
                os._exit(0)
            os.close(found[0])


def _work(asked: Connection) -> None:
    """Reads what comes, one after another."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    give_back, own = getattr(ctypes.CDLL(None), "malloc_trim", lambda _: None), _size()
    while True:
        try:
            job, content = json.loads(asked.recv_bytes()), asked.recv_bytes()
        except (EOFError, OSError):
            return
        said, read = _answer(job, content, own)
        asked.send_bytes(json.dumps(said).encode())
        asked.send_bytes(read)
        del content, read
        give_back(0)  # else it would keep the most that it ever had


def _answer(job: dict[str, Any], content: bytes, own: int) -> tuple[dict[str, str], bytes]:
    reader: Reader = getattr(import_module(job["module"]), job["name"])
    try:
        _limit(job["seconds"], own + len(content) + job["memory"])
        return {}, reader(content, **job["settings"])
    except BadInput as problem:
        return {"problem": str(problem)}, b""
    except MemoryError:
        return {"problem": f"reading it takes more than {job['memory'] / 1e6:.0f} MB of memory"}, b""
    except Exception as error:  # whatever hostile bytes make a library trip over, it is the input that is bad
        return {"problem": f"it cannot be read ({type(error).__name__}: {str(error)[:LONGEST]})"}, b""
    finally:
        _unlimit()


def _limit(seconds: float, size: int) -> None:
    """The kernel ends this process after so many seconds, and lets it grow to that size; no file opens."""
    if sys.platform == "linux":
        _soften(resource.RLIMIT_AS, size)
    _soften(resource.RLIMIT_NOFILE, 0)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    signal.setitimer(signal.ITIMER_REAL, STUCK)


def _unlimit() -> None:
    signal.setitimer(signal.ITIMER_PROF, 0)
    signal.setitimer(signal.ITIMER_REAL, 0)
    for what in (resource.RLIMIT_AS, resource.RLIMIT_NOFILE):
        _soften(what, resource.getrlimit(what)[1])


def _size() -> int:
    """Bytes of address space that this process takes."""
    try:
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
    except OSError:  # off Linux nothing bounds it
        return 0


def _soften(what: int, limit: int) -> None:
    hard = resource.getrlimit(what)[1]
    resource.setrlimit(what, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard))


if __name__ == "__main__":
    _serve(int(sys.argv[1]))
