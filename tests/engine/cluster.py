"""A Dask cluster of real processes, each in a folder of its own."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sensorium.parent_death import end_with_parent
from tests.conftest import REPOSITORY, free_port

Started = subprocess.Popen[bytes]

NO_PAGES = ("--no-dashboard", "--dashboard-address", "127.0.0.1:0", "--host", "127.0.0.1")
SETTINGS = {
    "PYTHONPATH": os.pathsep.join([str(REPOSITORY), str(REPOSITORY / "src")]),
    "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1",  # rather than three workers that are killed by one piece
}


class Cluster:
    """A scheduler, and workers that come and go.

    Args:
        folder: gets a folder for each of them.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port = free_port()
        self.address = f"tcp://127.0.0.1:{self._port}"
        self.started: list[Started] = []

    def add_scheduler(self) -> Started:
        """Starts the scheduler, and waits until it answers."""
        found = self._start("scheduler", "--port", str(self._port))
        while not _answers(self._port):
            assert found.poll() is None, Path(f"{self._folder}/0/log").read_text()
            time.sleep(0.1)
        return found

    def add_worker(self) -> Started:
        """Starts a nanny with a worker, which it starts again where that is killed."""
        return self._start("worker", self.address, "--nthreads", "1", "--nworkers", "1")

    def _start(self, *arguments: str) -> Started:
        home = self._folder / str(len(self.started))
        home.mkdir()
        command = [str(Path(sys.executable).with_name("dask")), *arguments, *NO_PAGES]
        with (home / "log").open("wb") as log:
            found = subprocess.Popen(
                command,
                cwd=home,
                env=os.environ | SETTINGS | {"SENSORIUM_CACHE": str(home / "cache")},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=end_with_parent,
            )
        self.started.append(found)
        return found


@contextmanager
def cluster(folder: Path, workers: int) -> Iterator[Cluster]:
    """A cluster with so many workers, as long as this lasts."""
    made = Cluster(folder)
    try:
        made.add_scheduler()
        for _ in range(workers):
            made.add_worker()
        yield made
    finally:
        for one in reversed(made.started):
            kill(one)


def kill(started: Started) -> None:
    """Kills a process for good, with those that it started."""
    if started.poll() is None:
        os.killpg(started.pid, signal.SIGKILL)
        started.wait()


def _answers(port: int) -> bool:
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0
