"""Experiments compared: the real graph and params of this repository, its stages' work done by a quick stand-in."""

import json
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from sensorium.commands import leaderboard
from tests.conftest import REPOSITORY

STAND_IN = """
import json, pathlib, sys, yaml
INSIDE = {
    "data/valid": ["manifest.parquet"],
    "data/prepared": ["rows.parquet", "text/items", "image/items", "speech/items"],
    "reports/evaluation": ["confusion/category.csv", "confusion/language.csv"],
}
params = yaml.safe_load(pathlib.Path("params.yaml").read_text())
fusion, top = str(params["fusion"]["kind"]), params["serve"]["top"]
accuracy = {"attention": 0.75, "concat": 0.9}.get(fusion, 0.8)
def target(value):
    figures = {"accuracy": value, "macro_f1": value, "intervals": {"accuracy": [value - 0.06, value + 0.04]}}
    return figures | {"more": {f"figure_{number}": number for number in range(40)}}
content = {
    "metrics/validate.json": {"rows": 900, "quarantined": 20},
    "metrics/evaluate.json": {"category": target(accuracy), "language": target(accuracy + 0.05)},
    "metrics/compress.json": {"megabytes": 12.34},
    "metrics/timings/compress.json": {"p50_ms": 5.67},
    "metrics/gate.json": {"passed": accuracy > 0.78, "rules": []},
    "metrics/headline.json": {"category.accuracy": accuracy, "language.accuracy": accuracy + 0.05,
        "passed": accuracy > 0.78, "megabytes": 12.34, "rows": 900, "quarantined": 20},
    "models/packaged": top,
}
if "models/bento.json" in sys.argv and not content["metrics/gate.json"]["passed"]:
    sys.exit("error: nothing is packaged, the gate did not pass")
for name in sys.argv[1:]:
    path = pathlib.Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    told = content.get(name, fusion if name.startswith(("models/", "metrics/", "predictions/")) else "the same")
    if path.suffix:
        path.write_text("epoch,validation\\n1,0.5\\n2,0.4\\n" if path.suffix == ".csv" else json.dumps(told))
    else:
        for inside in INSIDE.get(name, ["file"]):
            (path / inside).parent.mkdir(parents=True, exist_ok=True)
            (path / inside).write_text(json.dumps(told))
"""


def names(outs: list[Any]) -> list[str]:
    return [out if isinstance(out, str) else next(iter(out)) for out in outs]


class Clone:
    """A clone of this repository whose stages are quick."""

    def __init__(self, root: Path) -> None:
        self.root = root
        listed = subprocess.run(
            ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
            cwd=REPOSITORY, check=True, capture_output=True, text=True,
        )  # fmt: skip
        for name in listed.stdout.splitlines():
            if (REPOSITORY / name).is_file() and not name.startswith(("docs", "tests", "bench")):
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(REPOSITORY / name, root / name)
        graph = yaml.safe_load((root / "dvc.yaml").read_text())
        for stage in graph["stages"].values():
            made = stage.get("do", stage)
            outs = [name for kind in ("outs", "metrics", "plots") for name in names(made.get(kind, []))]
            made["cmd"] = " ".join([sys.executable, "stand_in.py", *outs])
        (root / "dvc.yaml").write_text(yaml.safe_dump(graph, sort_keys=False))
        (root / "stand_in.py").write_text(STAND_IN)
        self.sh("git", "init", "--quiet")
        self.sh("git", "config", "user.name", "Ada")
        self.sh("git", "config", "user.email", "ada@example.org")

    def sh(self, *command: str, status: int = 0) -> str:
        done = subprocess.run(
            command, cwd=self.root, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
        )
        assert done.returncode == status, done.stdout
        return done.stdout

    def set(self, section: str, **values: Any) -> None:
        """Changes keys of params.yaml."""
        params = yaml.safe_load((self.root / "params.yaml").read_text())
        params[section] |= values
        (self.root / "params.yaml").write_text(yaml.safe_dump(params, sort_keys=False))

    def ran(self) -> list[str]:
        """The stages that `dvc repro` runs."""
        return re.findall("Running stage '(.*)'", self.sh("dvc", "repro"))

    def commit(self) -> None:
        self.sh("git", "add", "--all")
        self.sh("git", "commit", "--quiet", "--message", "run")
