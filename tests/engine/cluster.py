"""A Dask cluster of real processes, each in a folder of its own."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.conftest import REPOSITORY, free_port

NO_PAGES = ("--no-dashboard", "--dashboard-address", "127.0.0.1:0", "--host", "127.0.0.1")


class Cluster:
    """A scheduler, and workers that come and go.

    Args:
        folder: gets a folder for each of them.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._running: list[subprocess.Popen[bytes]] = []
        self.address = f"tcp://127.0.0.1:{free_port()}"
        self._start("scheduler", "--port", self.address.rpartition(":")[2])

    def add_worker(self) -> int:
        """Starts a worker, whose process is started again where it is killed; returns the id of that which does so."""
        return self._start("worker", self.address, "--nthreads", "1", "--nworkers", "1").pid

    def end(self, starter: int) -> None:
        """Kills a worker, the scheduler (the first), or all, for good, with what it started."""
        for one in [one for one in self._running if one.pid == starter]:
            os.killpg(one.pid, signal.SIGKILL)
            one.wait()
            self._running.remove(one)

    @property
    def scheduler(self) -> int:
        """The id of its process."""
        return self._running[0].pid

    def close(self) -> None:
        """Ends all."""
        for one in reversed(self._running.copy()):
            self.end(one.pid)

    def _start(self, what: str, *arguments: str) -> "subprocess.Popen[bytes]":
        home = self._folder / f"{what}-{len(self._running)}"
        home.mkdir()
        searched = os.pathsep.join([str(REPOSITORY), str(REPOSITORY / "src")])
        command = [str(Path(sys.executable).with_name("dask")), what, *arguments, *NO_PAGES]
        environment = os.environ | {"PYTHONPATH": searched, "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1"}
        with (home / "log").open("wb") as log:
            self._running.append(
                subprocess.Popen(
                    command,
                    cwd=home,
                    env=environment,
                    stdout=log,
                    stderr=log,
                    stdin=subprocess.DEVNULL,
                    start_new_session=True,
                )
            )
        return self._running[-1]


@contextmanager
def cluster(folder: Path, workers: int) -> Iterator[Cluster]:
    """A cluster with so many workers, as long as this lasts."""
    made = Cluster(folder)
    try:
        for _ in range(workers):
            made.add_worker()
        yield made
    finally:
        made.close()
