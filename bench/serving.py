"""The service beside a hand-written FastAPI server with torch, same model, same requests, in turns in one run.

Takes the model that `dvc repro` left and real rows of the test split, as multipart forms. ``--soak SECONDS`` then asks
the service alone at 80% of what it reached, and watches errors and memory.
"""

import argparse
import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

import psutil
from load import Form, Load, at_once, encode, steadily
from rich.console import Console
from rich.table import Table
from traffic import complete_rows

from sensorium import params

SAMPLES = 64
CLIENTS = (1, 8, 32)
HERE = Path(__file__).parent


class Server:
    """A server in processes of its own; ``key`` is what it is asked with."""

    def __init__(self, name: str, command: list[str], port: int, first: Form, key: str = "") -> None:
        self.name, self.key, self.url = name, key, f"http://127.0.0.1:{port}/predict"
        began = time.perf_counter()
        environment = os.environ | {"BENTOML_DO_NOT_TRACK": "True", "SENSORIUM_LOG": tempfile.mkdtemp()}
        self.process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while not self._answers(first):
            if self.process.poll() is not None:
                sys.exit(f"{name} did not start")
            time.sleep(0.02)
        self.start = time.perf_counter() - began

    def _answers(self, form: Form) -> bool:
        headers = {"content-type": form[1]} | ({"authorization": f"Bearer {self.key}"} if self.key else {})
        request = urllib.request.Request(self.url, form[0], headers)
        try:
            return urllib.request.urlopen(request, timeout=60).status == 200
        except (urllib.error.URLError, ConnectionError):
            return False

    def megabytes(self) -> float:
        """Memory of all its processes; pages that they share count once."""
        return sum(process.memory_full_info().pss for process in self._tree()) / 1e6

    def cpu_seconds(self) -> float:
        """What all its processes have worked."""
        return sum(sum(process.cpu_times()[:2]) for process in self._tree())

    def _tree(self) -> list[psutil.Process]:
        return [psutil.Process(self.process.pid), *psutil.Process(self.process.pid).children(recursive=True)]

    def stop(self) -> None:
        """Ends it."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)


def main() -> None:
    """Prints the table, and what the soak found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=10.0, help="of every measurement")
    parser.add_argument("--rounds", type=int, default=2, help="in which the two take turns")
    parser.add_argument("--soak", type=float, default=0.0, help="seconds of steady load on the service alone")
    asked = parser.parse_args()
    console, forms = Console(), read_forms()
    ports = [free_port(), free_port()]
    bento = [str(Path(sys.executable).with_name("bentoml")), "serve", "--port", str(ports[0])]
    by_hand = [sys.executable, str(HERE / "torch_server.py"), str(ports[1])]
    servers: list[Server] = []
    try:
        servers += [Server("sensorium", bento, ports[0], forms[0])]
        servers += [Server("FastAPI + torch", by_hand, ports[1], forms[0])]
        loads = compare(servers, forms, asked.seconds, asked.rounds, console)
        if asked.soak:
            soak(servers[0], forms, 0.8 * best(loads["sensorium", CLIENTS[-1]]).rate, asked.soak, console)
    finally:
        for server in servers:
            server.stop()


def compare(
    servers: list[Server], forms: list[Form], seconds: float, rounds: int, console: Console
) -> dict[tuple[str, int], list[Load]]:
    """Both under the same load, one after the other, several times over."""
    loads: dict[tuple[str, int], list[Load]] = {}
    for clients in CLIENTS:
        for server in servers:
            asyncio.run(at_once(server.url, forms, clients, seconds / 4))  # warm
        for _ in range(rounds):
            for server in servers:
                one = asyncio.run(at_once(server.url, forms, clients, seconds))
                loads.setdefault((server.name, clients), []).append(one)
    table = Table("server", "clients", "requests/s", "p50 ms", "p95 ms", "wrong", "start s", "memory MB")
    for (name, clients), several in loads.items():
        server, one = next(server for server in servers if server.name == name), best(several)
        times = [f"{one.rate:.1f}", f"{one.percentile(0.5):.0f}", f"{one.percentile(0.95):.0f}"]
        table.add_row(
            name, str(clients), *times, str(one.wrong or 0), f"{server.start:.1f}", f"{server.megabytes():.0f}"
        )
    console.print(table)
    for clients in CLIENTS:
        ours, theirs = (best(loads[server.name, clients]) for server in servers)
        console.print(
            f"{clients} clients: {ours.rate / theirs.rate:.1f} times the requests a second, "
            f"p95 {ours.percentile(0.95) / theirs.percentile(0.95):.2f} of theirs"
        )
    return loads


def soak(server: Server, forms: list[Form], rate: float, seconds: float, console: Console) -> None:
    """A steady rate for long: errors, and memory by tenths of the time."""
    console.print(f"soak at {rate:.1f} requests/s for {seconds:.0f} s")
    memory, wrong, answered = [server.megabytes()], {}, 0
    for _ in range(10):
        one = asyncio.run(steadily(server.url, forms, rate, seconds / 10))
        answered += len(one.seconds)
        wrong |= {sort: wrong.get(sort, 0) + count for sort, count in one.wrong.items()}
        memory.append(server.megabytes())
        console.print(f"  p50 {one.percentile(0.5):.0f} ms, p95 {one.percentile(0.95):.0f} ms, {memory[-1]:.0f} MB")
    console.print(f"{answered} answered, wrong: {wrong or 0}; MB: {', '.join(f'{value:.0f}' for value in memory)}")


def best(loads: list[Load]) -> Load:
    """The one that was disturbed least."""
    return max(loads, key=lambda load: load.rate)


def read_forms() -> list[Form]:
    """Rows of the test split that have every input, as they lie in data/raw."""
    inputs = params.load().inputs
    forms = [
        encode(
            {
                inputs[name].asked_as(name): json.dumps(raw) if isinstance(raw, dict) else raw
                for name, raw in raws.items()
            }
        )
        for raws in complete_rows()
    ]
    return forms[:: max(1, len(forms) // SAMPLES)][:SAMPLES]


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    main()
