"""What Prefect adds to plain DVC: the same graph of quick stages, by `dvc repro` and by the flow, in turns.

Makes a graph of its own in a temporary folder: a chain of stages that only write a file, so that what is measured is
orchestration. The flow runs against the server at PREFECT_API_URL, else against one of its own for every run.

    python bench/orchestration.py --stages 12 --rounds 3
"""

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

FLOWS = Path(__file__).parents[1] / "flows"


def main(stages: int, rounds: int) -> None:
    """Prints median seconds of both, forced and with nothing to do, and their ratio."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        make(root, stages)
        plain, flow = ["dvc", "repro"], [sys.executable, "-m", "flows.train"]
        for title, options in (("every stage runs", ["--force"]), ("nothing changed", [])):
            taken: dict[str, list[float]] = {"dvc": [], "flow": []}
            for _ in range(rounds):
                for name, command in (("dvc", plain), ("flow", flow)):
                    taken[name].append(seconds([*command, *options], root))
            dvc, prefect = (statistics.median(times) for times in taken.values())
            print(
                f"{title}: dvc {dvc:.1f} s, flow {prefect:.1f} s, {prefect / dvc:.1f} times, "
                f"{(prefect - dvc) / stages:+.2f} s a stage"
            )


def make(root: Path, stages: int) -> None:
    """A chain of stages in a repository of its own."""
    chain = {
        f"s{number}": {"cmd": f"echo {number} > {number}.out", "outs": [f"{number}.out"]}
        | ({"deps": [f"{number - 1}.out"]} if number else {})
        for number in range(stages)
    }
    shutil.copytree(FLOWS, root / "flows")
    (root / "params.yaml").write_text("a: 1\n")
    (root / "metrics").mkdir()
    for command in (["git", "init", "-q"], ["dvc", "init", "-q"]):
        subprocess.run(command, cwd=root, check=True)
    (root / "dvc.yaml").write_text(yaml.safe_dump({"stages": chain}))
    subprocess.run(["dvc", "repro", "-q"], cwd=root, check=True)


def seconds(command: list[str], root: Path) -> float:
    """Wall-clock time of a command that must succeed."""
    start = time.perf_counter()
    subprocess.run(command, cwd=root, check=True, capture_output=True)
    return time.perf_counter() - start


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stages", type=int, default=12)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    main(given.stages, given.rounds)
