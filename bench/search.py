"""The search of this version beside that of another, as trials a minute and least loss.

Both search copies of a finished run, in turns: `--old` is a git worktree of the other version. Seconds are of the whole
stage, starts of processes included; processor seconds depend less on what else the machine does.

    git worktree add /tmp/old v0.4.0
    python -m bench.search --old /tmp/old --trials 60
"""

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml
from rich.console import Console
from rich.table import Table

NEEDED = ("params.yaml", "data/prepared", "data/embeddings")


def search(source: Path, trials: int, seed: int, folder: Path) -> tuple[float, float, float]:
    """Seconds, processor seconds and the least loss of a search by the code in ``source``."""
    for name in NEEDED:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        copy = shutil.copytree if Path(name).is_dir() else shutil.copyfile
        copy(name, folder / name)
    settings = yaml.safe_load((folder / "params.yaml").read_text())
    settings["search"] = {"trials": trials, "minutes": 600, "seed": seed}
    settings["training"]["seed"] = seed
    (folder / "params.yaml").write_text(yaml.safe_dump(settings, sort_keys=False))
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    subprocess.run(
        [sys.executable, "-m", "sensorium", "search"],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(source.absolute() / "src")},
        check=True,
        stdout=subprocess.DEVNULL,
    )
    seconds, after = time.monotonic() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return seconds, used, yaml.safe_load((folder / "models/search/best.yaml").read_text())["loss"]


def main() -> None:
    """Prints a line a search."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--old", type=Path, required=True)
    parser.add_argument("--trials", type=int, default=60)
    parser.add_argument("--seeds", type=int, default=1)
    asked = parser.parse_args()
    table = Table("version", "seed", "trials a minute", "processor seconds a trial", "least loss")
    for seed in range(asked.seeds):
        for version, source in (("old", asked.old), ("new", Path.cwd())):
            with tempfile.TemporaryDirectory() as folder:
                seconds, used, loss = search(source, asked.trials, seed, Path(folder))
            pace = 60 * asked.trials / seconds
            table.add_row(version, str(seed), f"{pace:.1f}", f"{used / asked.trials:.2f}", f"{loss:.4f}")
    Console().print(table)


if __name__ == "__main__":
    main()
