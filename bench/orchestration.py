"""What Prefect adds to plain DVC: the same graph of quick stages, by `dvc repro` and by the flow, in turns.

Makes a graph of its own in a temporary folder: a chain of stages that only write a file, so that what is measured is
orchestration. The flow runs against a server of its own, which is up before, as where flows are deployed. Processor
time is that of a command with all that it starts, and for the flow of the server meanwhile: it says what a machine that
others keep busy would take alone.

    python -m bench.orchestration --stages 12 --rounds 3
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import yaml

from tests.conftest import REPOSITORY, free_port
from tests.flows.conftest import Server

LOOK = 0.02  # seconds between two looks at processes, since nobody tells what those used that end
TICKS = os.sysconf("SC_CLK_TCK")


class Cost(NamedTuple):
    """Seconds of a command."""

    wall: float
    processor: float


def main(stages: int, rounds: int) -> None:
    """Prints median seconds of both, forced and with nothing to do, and what the flow adds to a stage."""
    with tempfile.TemporaryDirectory() as folder:
        root, server = Path(folder, "graph"), Server(free_port(), Path(folder, "prefect"))
        make(root, stages)
        server.start()
        try:
            for title, options in (("every stage runs", ["--force"]), ("nothing changed", [])):
                plain, flow = ["dvc", "repro", *options], [sys.executable, "-m", "flows.train", *options]
                dvc, prefect = [], []
                for _ in range(rounds):
                    dvc.append(cost(plain, root, os.environ))
                    prefect.append(cost(flow, root, server.environment, server))
                show(title, stages, median(dvc), median(prefect))
        finally:
            server.stop()


def show(title: str, stages: int, dvc: Cost, flow: Cost) -> None:
    """Prints both."""
    for what in Cost._fields:
        one, other = getattr(dvc, what), getattr(flow, what)
        print(f"{title}, {what}: dvc {one:.1f} s, flow {other:.1f} s, {(other - one) / stages:+.2f} s a stage")


def median(costs: list[Cost]) -> Cost:
    """Of each sort of seconds."""
    return Cost(*map(statistics.median, zip(*costs, strict=True)))


def make(root: Path, stages: int) -> None:
    """A chain of stages in a repository of its own."""
    chain = {
        f"s{number}": {"cmd": f"echo {number} > {number}.out", "outs": [f"{number}.out"]}
        | ({"deps": [f"{number - 1}.out"]} if number else {})
        for number in range(stages)
    }
    shutil.copytree(REPOSITORY / "flows", root / "flows")
    (root / "params.yaml").write_text("a: 1\n")
    (root / "metrics").mkdir()
    for command in (["git", "init", "-q"], ["dvc", "init", "-q"]):
        subprocess.run(command, cwd=root, check=True)
    (root / "dvc.yaml").write_text(yaml.safe_dump({"stages": chain}))
    subprocess.run(["dvc", "repro", "-q"], cwd=root, check=True)


def cost(command: list[str], root: Path, environment: Mapping[str, str], server: Server | None = None) -> Cost:
    """Of a command that must succeed, with what the server does for it."""
    beside = [server.process.pid] if server and server.process else []
    before, used = sum(_used(beside).values()), {}
    began = time.perf_counter()
    with tempfile.TemporaryFile("w+") as output:
        started = subprocess.Popen(command, cwd=root, env=environment, stdout=output, stderr=output)
        while started.poll() is None:
            used |= _used([started.pid, *beside])
            time.sleep(LOOK)
        wall = time.perf_counter() - began
        if started.returncode:
            output.seek(0)
            raise SystemExit(f"{' '.join(command)} ended with {started.returncode}:\n{output.read()}")
    return Cost(wall, sum(used.values()) - before)


def _used(processes: list[int]) -> dict[int, float]:
    """The processor seconds of processes, and of all that they started and is at work, by number."""
    found, waiting = {}, list(processes)
    while waiting:
        process = waiting.pop()
        with suppress(OSError):  # it has just ended
            user, system = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[11:13]
            found[process] = (int(user) + int(system)) / TICKS
            for children in Path(f"/proc/{process}/task").glob("*/children"):
                waiting += map(int, children.read_text().split())
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stages", type=int, default=12)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    main(given.stages, given.rounds)
