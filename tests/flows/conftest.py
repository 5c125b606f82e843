"""A toy workspace with a graph of quick commands, and a real Prefect server on a port of its own."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from tests.conftest import REPOSITORY, answers, free_port

PATIENCE = 180  # seconds

# a -> b@x, b@y (at once) -> c; what a stage does can be changed by the file it depends on.
GRAPH = """
stages:
  a:
    cmd: sh a.sh
    deps: [a.sh]
    outs: [a.out]
  b:
    foreach: [x, y]
    do:
      cmd: sh b.sh ${item}
      deps: [a.out, b.sh]
      outs: ["b.${item}.out"]
  c:
    cmd: sh c.sh
    deps: [b.x.out, b.y.out, c.sh, d.sh]
    params: [number]
    outs: [c.out]
    meta: {tags: [gpu]}
"""
SCRIPTS = {
    "a.sh": "echo a speaks; date +%s.%N > a.out",
    "b.sh": "date +%s.%N > b.$1.out; sleep 1; date +%s.%N >> b.$1.out",
    "c.sh": "grep number params.yaml > c.out; sh d.sh",
    "d.sh": "true",
}


def wait_for(condition: Callable[[], Any], what: str) -> Any:
    end = time.monotonic() + PATIENCE
    while not (found := condition()):
        assert time.monotonic() < end, f"waited too long for {what}"
        time.sleep(0.2)
    return found


@dataclass
class Server:
    """A Prefect server of the tests' own."""

    port: int
    home: Path
    process: subprocess.Popen[bytes] | None = None
    client: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=30))

    @property
    def api(self) -> str:
        return f"http://127.0.0.1:{self.port}/api"

    @property
    def environment(self) -> dict[str, str]:
        return os.environ | {
            "PREFECT_API_URL": self.api,
            "PREFECT_HOME": str(self.home),
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "PREFECT_SERVER_TASKS_TAG_CONCURRENCY_SLOT_WAIT_SECONDS": "1",
            "PREFECT_WORKER_QUERY_SECONDS": "2",
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "NO_COLOR": "1",
        }

    def start(self) -> None:
        self.process = subprocess.Popen(
            ["prefect", "server", "start", "--port", str(self.port)],
            env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        wait_for(self._healthy, "the server")

    def stop(self) -> None:
        if self.process:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def _healthy(self) -> bool:
        return answers(f"{self.api}/health")

    def post(self, path: str, **body: Any) -> Any:
        """Posts, and again after a 503, as Prefect's own client does: SQLite was at work for another."""
        for pause in (0.5, 1, 2, 4, 8):
            answer = self.client.post(f"{self.api}/{path}", json=body)
            if answer.status_code != 503:
                break
            time.sleep(pause)
        answer.raise_for_status()
        return answer.json()

    def last_run(self) -> dict[str, Any]:
        started = {"start_time": {"is_null_": False}}  # not those that are planned
        return self.post("flow_runs/filter", flow_runs=started, sort="START_TIME_DESC", limit=1)[0]

    def runs(self, flow: str) -> list[dict[str, Any]]:
        """The runs of a flow, newest first."""
        return self.post("flow_runs/filter", flows={"name": {"any_": [flow]}}, sort="EXPECTED_START_TIME_DESC")

    def artifacts(self, run: dict[str, Any]) -> dict[str, str]:
        found = self.post("artifacts/filter", flow_runs={"id": {"any_": [run["id"]]}})
        return {artifact["key"]: artifact["data"] for artifact in found}

    def tasks(self, run: dict[str, Any]) -> dict[str, dict[str, Any]]:
        found = self.post("task_runs/filter", flow_runs={"id": {"any_": [run["id"]]}})
        return {task["name"].split("-")[0]: task for task in found}

    def logs(self, run: dict[str, Any]) -> list[str]:
        found = self.post("logs/filter", logs={"flow_run_id": {"any_": [run["id"]]}}, limit=200)
        return [entry["message"] for entry in found]


@dataclass
class Toy:
    """The toy workspace and the server that watches it."""

    root: Path
    server: Server

    @property
    def environment(self) -> dict[str, str]:
        """With the workspace's own commands, which stand in for the real ones."""
        known = self.server.environment
        return known | {"PATH": f"{self.root / 'bin'}:{known['PATH']}"}

    def write(self, **scripts: str) -> None:
        for name, content in scripts.items():
            (self.root / f"{name}.sh").write_text(content + "\n")

    def edit(self, name: str, old: str, new: str) -> None:
        content = (self.root / name).read_text()
        assert old in content
        (self.root / name).write_text(content.replace(old, new))

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "flows.train", *arguments],
            cwd=self.root, env=self.environment, text=True, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip

    def train(self, *arguments: str) -> tuple[int, dict[str, Any], dict[str, dict[str, Any]]]:
        """Runs the flow to its end; returns its status, the run and its tasks as the server knows them."""
        running = self.start(*arguments)
        output = running.communicate(timeout=PATIENCE)[0]
        (self.root / "last.log").write_text(output)
        run = self.server.last_run()
        return running.returncode, run, self.server.tasks(run)

    def start_flow(self, name: str, **parameters: Any) -> subprocess.Popen[str]:
        """Starts a flow without a deployment."""
        call = f"from flows.{name} import {name}; {name}(**{parameters!r}, return_state=True)"
        return subprocess.Popen(
            [sys.executable, "-c", call],
            cwd=self.root, env=self.environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip

    def flow(self, name: str, **parameters: Any) -> dict[str, Any]:
        """Runs a flow to its end; returns its run as the server knows it."""
        output = self.start_flow(name, **parameters).communicate(timeout=PATIENCE)[0]
        (self.root / "last.log").write_text(output)
        return self.server.runs(name)[0]

    def command(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, cwd=self.root, env=self.environment, text=True, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, timeout=2 * PATIENCE,  # `--watch` waits for ever for an event that was lost
        )  # fmt: skip


@contextmanager
def worker(toy: Toy) -> Iterator[subprocess.Popen[bytes]]:
    """A worker of the pool `local`, started in the toy workspace, to which its prefect.yaml is deployed."""
    toy.command("prefect", "work-pool", "create", "--type", "process", "local")
    done = toy.command("prefect", "--no-prompt", "deploy", "--all")
    assert done.returncode == 0, done.stdout
    running = subprocess.Popen(
        ["prefect", "worker", "start", "--pool", "local"],
        cwd=toy.root, env=toy.environment, start_new_session=True, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield running
    finally:
        end_session(running, signal.SIGTERM)


def end_session(leader: subprocess.Popen[bytes], sign: int) -> None:
    """Signals a process and all that it started."""
    for process in [*psutil.Process(leader.pid).children(recursive=True), leader] if leader.poll() is None else []:
        with suppress(psutil.NoSuchProcess, ProcessLookupError):
            process.send_signal(sign)
    leader.wait(60)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    made = Server(free_port(), tmp_path_factory.mktemp("prefect"))
    made.start()
    yield made
    made.stop()


@pytest.fixture
def toy(tmp_path: Path, server: Server) -> Toy:
    return make_toy(tmp_path / "toy", server)


def make_toy(root: Path, server: Server) -> Toy:
    made = Toy(root, server)
    made.root.mkdir()
    shutil.copytree(REPOSITORY / "flows", made.root / "flows", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(REPOSITORY / "prefect.yaml", made.root / "prefect.yaml")
    # A test that runs when the clock strikes must see no runs but its own.
    made.edit("prefect.yaml", "active: true", "active: false")
    (made.root / "dvc.yaml").write_text(GRAPH)
    (made.root / "params.yaml").write_text("number: 1 # kept\n")
    (made.root / "metrics").mkdir()
    (made.root / "metrics/validate.json").write_text(json.dumps({"rows": 10, "quarantined": 1}))
    made.write(**{name.removesuffix(".sh"): content for name, content in SCRIPTS.items()})
    for command in (["git", "init", "--quiet"], ["dvc", "init", "--quiet"]):
        done = made.command(*command)
        assert done.returncode == 0, done.stdout
    return made
