"""A clone of this repository, with a Prefect server, a worker and the service running in it."""

import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import httpx

from sensorium.errors import UserError

STORY = "story.json"
PATIENCE, PAUSE = 900, 0.5  # seconds
ENDED = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")


class Place:
    """Commands and servers in a clone; leaving it ends them all.

    Args:
        folder: for the clone and what its servers keep; what an earlier demo left there goes.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self.clone, self.logs = folder, folder / "clone", folder / "logs"
        self.ports = {name: free_port() for name in ("prefect", "service")}
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        if folder.exists() and any(folder.iterdir()) and not (folder / STORY).is_file():
            raise UserError(f"{folder} is not empty, and not of an earlier demo; name another folder by --folder.")
        shutil.rmtree(folder, ignore_errors=True)
        self.logs.mkdir(parents=True)
        (folder / STORY).write_text("[]")
        self.environment = os.environ | {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PREFECT_API_URL": f"http://127.0.0.1:{self.ports['prefect']}/api",
            "PREFECT_HOME": str(folder / "prefect"),
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "PREFECT_WORKER_QUERY_SECONDS": "2",
            "BENTOML_HOME": str(folder / "bentoml"),
            "DO_NOT_TRACK": "1", "BENTOML_DO_NOT_TRACK": "True",
            "DVC_NO_ANALYTICS": "1", "GX_ANALYTICS_ENABLED": "false",
            "GIT_AUTHOR_NAME": "demo", "GIT_AUTHOR_EMAIL": "demo@localhost",
            "GIT_COMMITTER_NAME": "demo", "GIT_COMMITTER_EMAIL": "demo@localhost",
            "NO_COLOR": "1",
        }  # fmt: skip
        for variable in ("SENSORIUM_LOG", "SENSORIUM_MODEL", "SENSORIUM_CHALLENGER", "OTEL_EXPORTER_OTLP_ENDPOINT"):
            self.environment.pop(variable, None)

    def __enter__(self) -> "Place":
        return self

    def __exit__(self, *_: object) -> None:
        for name in reversed(list(self._running)):
            self.end(name)

    def copy(self, repository: Path) -> None:
        """Copies what git knows of a repository, and begins a history of its own."""
        listed = subprocess.run(
            ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
            cwd=repository, check=True, capture_output=True, text=True,
        )  # fmt: skip
        for name in listed.stdout.splitlines():
            if (repository / name).is_file() and name != "dvc.lock" and not name.endswith(".dvc"):
                (self.clone / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(repository / name, self.clone / name)
        (self.clone / "models/champion.json").write_text('{"version": null, "model_version": null}\n')
        self.run("git", "init", "--quiet", "--initial-branch", "main")

    def run(self, *command: str) -> str:
        """Runs a command to its end; returns what it printed.

        Raises:
            UserError: with its last lines, if it fails.
        """
        done = subprocess.run(
            command, cwd=self.clone, env=self.environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        if done.returncode:
            last = "\n".join(done.stdout.strip().splitlines()[-15:])
            raise UserError(f"`{' '.join(command)}` failed in {self.clone}:\n{last}")
        return done.stdout

    def commit(self, message: str) -> None:
        """Commits everything."""
        self.run("git", "add", "--all")
        self.run("git", "commit", "--quiet", "--message", message)

    def start(self, name: str, *command: str, ready: str | None = None, **environment: str) -> None:
        """Starts a server, and waits until an address of it answers."""
        with (self.logs / f"{name}.log").open("wb") as log:
            self._running[name] = subprocess.Popen(
                command, cwd=self.clone, env=self.environment | environment, stdout=log, stderr=subprocess.STDOUT,
                start_new_session=True,
            )  # fmt: skip
        if ready:
            self.wait(lambda: answers(ready), f"the {name} to answer at {ready}")

    def end(self, name: str) -> None:
        """Ends a server and all that it started."""
        process = self._running.pop(name)
        for sign, seconds in ((signal.SIGTERM, 20), (signal.SIGKILL, 20)):
            with suppress(ProcessLookupError, subprocess.TimeoutExpired):
                os.killpg(process.pid, sign)
                process.wait(seconds)

    def wait(self, condition: Callable[[], Any], what: str) -> Any:
        """Waits until something is so; returns what the condition did.

        Raises:
            UserError: if it takes too long, or a server has ended meanwhile.
        """
        end = time.monotonic() + PATIENCE
        while not (found := condition()):
            for name, process in self._running.items():
                if process.poll() is not None:
                    raise UserError(f"the {name} has ended; its words are in {self.logs / name}.log.")
            if time.monotonic() > end:
                raise UserError(f"waited {PATIENCE} seconds for {what}; see {self.logs}.")
            time.sleep(PAUSE)
        return found

    def ended_runs(self, flow: str) -> list[dict[str, Any]]:
        """The runs of a flow that have ended, the newest first, as the server knows them."""
        query = {"flows": {"name": {"any_": [flow]}}, "sort": "EXPECTED_START_TIME_DESC"}
        answer = _client().post(f"{self.environment['PREFECT_API_URL']}/flow_runs/filter", json=query)
        return [run for run in answer.raise_for_status().json() if run["state"] and run["state"]["type"] in ENDED]

    def ended(self, flow: str, count: int) -> dict[str, Any]:
        """Waits for the run of this number, counted from 1; returns it."""

        def look() -> dict[str, Any] | None:
            runs = self.ended_runs(flow)
            return runs[0] if len(runs) >= count else None

        return self.wait(look, f"run {count} of the flow {flow}")

    def json(self, name: str) -> Mapping[str, Any]:
        """A JSON file of the clone."""
        return json.loads((self.clone / name).read_text(encoding="utf-8"))


@cache
def _client() -> httpx.Client:
    """One for all questions, since making it takes longer than ten answers; no server has to keep a connection open."""
    return httpx.Client(timeout=30, limits=httpx.Limits(max_keepalive_connections=0))


def answers(address: str) -> bool:
    """Whether a server says there that all is well."""
    with suppress(httpx.TransportError):
        return _client().get(address).status_code == 200
    return False


def free_port() -> int:
    """A port that nobody listens on, below those that the system hands out: BentoML asks it for some of its own."""
    while True:
        with socket.socket() as probe, suppress(OSError):
            port = random.randrange(20_000, 30_000)
            probe.bind(("127.0.0.1", port))
            return port
