"""The children that read: ``python -m sensorium.decoding.child FD`` forks them, one for every socket that FD brings."""

import ctypes
import json
import os
import resource
import signal
import socket
import sys
from importlib import import_module
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from sensorium.errors import BadInput, NothingIn

# Ready before children are forked.
READERS = (
    "sensorium.decoding.picture", "sensorium.decoding.series", "sensorium.decoding.sound", "sensorium.decoding.video",
)  # fmt: skip
STUCK = 20  # seconds by the clock, for what uses no processor,
SHARE = 6  # or so many for each of the processor's that it may use: others work there, too
LONGEST = 300  # letters of what a library says


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
    for module in READERS:
        import_module(module).rehearse()
    asked.send_bytes(str(os.getpid()).encode())
    give_back, own = getattr(ctypes.CDLL(None), "malloc_trim", lambda _: None), _size()
    while True:
        try:
            job, content = json.loads(asked.recv_bytes()), asked.recv_bytes()
        except (EOFError, OSError):
            return
        reply, read = _answer(job, content, own)
        asked.send_bytes(json.dumps(reply).encode())
        asked.send_bytes(read)
        del content, read
        give_back(0)  # else it would keep the most that it ever had


def _answer(job: dict[str, Any], content: bytes, own: int) -> tuple[dict[str, str], bytes]:
    reader = getattr(import_module(job["module"]), job["name"])
    try:
        _limit(job["seconds"], own + len(content) + job["memory"])
        return {}, reader(content, **job["settings"])
    except NothingIn as nothing:
        return {"nothing": str(nothing)}, b""
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
    signal.setitimer(signal.ITIMER_REAL, max(STUCK, SHARE * seconds))


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
