"""What honest clients of the service notice of each attack (`attacks.py`): their p50 and p95 with it and without.

Takes the model that `dvc repro` left and real rows of the test split. Attacks by pictures and clips are left out where
it reads none (a column ``image``, ``clip``). Honest clients ask at a modest steady rate with a key of their own. An
attacker's clients run with the lowest priority, since they would bring a machine of their own.
"""

import argparse
import asyncio
import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from attacks import ATTACKS, COLUMNS
from load import Load, steadily
from serving import Server, free_port, read_forms

from sensorium import params
from sensorium.modalities.request_fields import request_fields

HONEST, ATTACKER = "sk_honest", "sk_attacker"
KEYS = ",".join(f"{key[3:]}:{hashlib.sha256(key.encode()).hexdigest()}" for key in (HONEST, ATTACKER))
HERE = Path(__file__).parent


@contextmanager
def attacked(name: str, port: int) -> Iterator[None]:
    """While an attack runs."""
    command = [sys.executable, str(HERE / "attacks.py"), name, str(port), ATTACKER]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        time.sleep(2)
        try:
            yield
        finally:
            process.send_signal(signal.SIGKILL)


def print_row(name: str, *figures: str) -> None:
    """Prints a line of the table as soon as it is there."""
    print(f"{name:40}", *(f"{figure:>8}" for figure in figures), flush=True)


def main() -> None:
    """Prints the table: times is the p95 over the one just before the attack, cores and MB are the service's."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=15.0, help="of every measurement")
    parser.add_argument("--rate", type=float, default=10.0, help="honest requests a second")
    parser.add_argument("--only", help="attacks whose names have this")
    asked = parser.parse_args()
    os.environ |= {"SENSORIUM_API_KEYS": KEYS, "SENSORIUM_API_KEY": HONEST}
    columns = list(request_fields(params.load().inputs))
    forms, port = read_forms(), free_port()
    command = [str(Path(sys.executable).with_name("bentoml")), "serve", "--port", str(port)]
    server = Server("sensorium", command, port, forms[0], HONEST)
    print_row("attack", "p50 ms", "p95 ms", "times", "wrong", "cores", "MB")

    def honest() -> tuple[Load, float]:
        busy = server.cpu_seconds()
        load = asyncio.run(steadily(server.url, forms, asked.rate, asked.seconds, HONEST))
        return load, (server.cpu_seconds() - busy) / load.taken

    def row(name: str, measured: tuple[Load, float], before: Load) -> None:
        load, cores = measured
        times = f"{load.percentile(0.95) / before.percentile(0.95):.1f}" if load.seconds else ""
        figures = [f"{load.percentile(share):.0f}" if load.seconds else "" for share in (0.5, 0.95)]
        print_row(name, *figures, times, str(load.wrong or 0), f"{cores:.2f}", f"{server.megabytes():.0f}")

    try:
        honest()  # warm
        for name in ATTACKS:
            if (asked.only and asked.only not in name) or COLUMNS.get(ATTACKS[name][1], columns[0]) not in columns:
                continue
            before = honest()
            row("none", before, before[0])
            with attacked(name, port):
                row(name, honest(), before[0])
            time.sleep(1)
        last = honest()
        row("none", last, last[0])
    finally:
        server.stop()


if __name__ == "__main__":
    main()
