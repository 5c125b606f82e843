"""Time and memory of `sensorium monitor` over a log of many predictions.

The lines that the service logs of all test rows are copied, again and again, under new ids, hashes and times.

    python bench/monitor.py --lines 100000
"""

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from traffic import ask, read, test_rows

from sensorium import params, paths
from sensorium.serving.deployment import VARIABLE as MODEL
from sensorium.serving.deployment import champion_folder
from sensorium.serving.journal import PREDICTIONS, SALT
from sensorium.serving.journal import VARIABLE as LOG

HOURS = 20  # that the predictions are spread over; a check looks at 24


def main() -> None:
    """Prints what a check of the log takes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lines", type=int, default=100_000, help="predictions in the log")
    asked = parser.parse_args()
    with TemporaryDirectory() as name:
        folder = Path(name)
        rows = read(test_rows(), params.load().inputs, paths.RAW)
        ask(rows, folder / "real", folder / SALT, "test rows")
        write_log(folder / "real" / PREDICTIONS, folder / PREDICTIONS, asked.lines)
        shutil.copy(paths.PARAMS, folder)
        size = (folder / PREDICTIONS).stat().st_size
        seconds = time_monitor(folder)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e6
    print(f"{asked.lines:,} predictions, {size / 1e6:.0f} MB: {seconds:.1f} s, at most {peak:.2f} GB of memory")


def write_log(real: Path, log: Path, lines: int) -> None:
    """Writes so many lines; the copies of one line have hashes that differ, so that they are of different units."""
    records = [json.loads(line) for line in real.read_text(encoding="utf-8").splitlines()]
    now = datetime.now(UTC)
    with log.open("w", encoding="utf-8") as file:
        for number in range(lines):
            copy, place = divmod(number, len(records))
            hashes = {name: f"{digest}.{copy}" for name, digest in records[place]["hashes"].items()}
            at = now - timedelta(hours=HOURS * (1 - number / lines))
            new = {"request_id": f"copy-{number}", "hashes": hashes, "time": at.isoformat(timespec="milliseconds")}
            file.write(json.dumps(records[place] | new, ensure_ascii=False) + "\n")


def time_monitor(folder: Path) -> float:
    """Runs the command in a folder of its own; returns the seconds it took."""
    environment = os.environ | {MODEL: str(champion_folder().resolve()), LOG: str(folder)}
    command = [str(Path(sys.executable).with_name("sensorium")), "monitor"]
    began = time.perf_counter()
    subprocess.run(command, cwd=folder, env=environment, check=True)
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
