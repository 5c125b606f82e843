"""A repository with a pipeline of one quick stage that leaves what a run leaves."""

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import REPOSITORY

GRAPH = """
stages:
  run:
    cmd: python make.py
    deps: [make.py, model.json, models/champion.json, data/feedback]
    params: [data]
    outs: [data/raw, data/prepared, models/packaged, models/bento.json]
    metrics: [metrics/evaluate.json, metrics/gate.json]
artifacts:
  sensorium: {type: model, path: models/packaged}
"""
MAKE = """
import json, pathlib, shutil, yaml
import pandas as pd
from sensorium.runtime import artefact
params = yaml.safe_load(pathlib.Path("params.yaml").read_text())
model = json.loads(pathlib.Path("model.json").read_text())
def write(name, content):
    path = pathlib.Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))
figures = {"accuracy": model["accuracy"], "macro_f1": 0.5, "intervals": {"accuracy": [0.1, 0.9]}}
write("data/raw/rows.json", params["data"])
pathlib.Path("data/prepared").mkdir()
pd.DataFrame({"id": ["a", "b", "c"], "split": ["train", "val", "test"]}).to_parquet("data/prepared/rows.parquet")
packaged, version = pathlib.Path("models/packaged"), model["name"]
if pathlib.Path(version).is_dir():  # a real model
    shutil.copytree(version, packaged)
    version = artefact.read(packaged)["version"]
else:
    packaged.mkdir(parents=True)
    artefact.seal(packaged, {"name": version})
if model["serve"]:
    write(packaged / "serve.json", {"lineage": {}} | model["serve"])
write("models/bento.json", {"tag": f"sensorium:{version}", "model_version": version})
price = {"mae": 8.64, "r2": 0.71, "intervals": {"mae": [7.5, 9.75]}}
tags = {"samples_f1": 0.7, "macro_f1": None, "intervals": {"samples_f1": [0.65, 0.75]}}
write("metrics/evaluate.json", {"colour": figures, "price": price, "tags": tags})
passed = model["accuracy"] > 0.5
words = f"evaluate.colour.accuracy {model['accuracy']:g} {'reaches' if passed else 'is below'} 0.5"
rule = {"name": "evaluate.colour.accuracy", "value": model["accuracy"], "bound": 0.5, "passed": passed, "words": words}
champion = json.loads(pathlib.Path("models/champion.json").read_text())
champion = {key: champion[key] for key in ("version", "model_version")}
write("metrics/gate.json", {"passed": passed, "champion": champion, "rules": [rule]})
"""

PARAMS = {
    "data": {"source": "manifest", "path": "table.csv"},
    "inputs": {"text": {"kind": "text"}},
    "targets": {"colour": {"kind": "class"}},
}


@dataclass
class Repository:
    """A git and DVC repository, which is the working directory."""

    root: Path

    def sh(self, *command: str) -> str:
        done = subprocess.run(command, cwd=self.root, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr + done.stdout
        return done.stdout

    def make(self, name: str, accuracy: float, serve: dict[str, Any] | None = None) -> None:
        """A run with other params, not committed; the name may be the folder of a real model."""
        (self.root / "params.yaml").write_text(json.dumps(PARAMS))
        (self.root / "model.json").write_text(json.dumps({"name": name, "accuracy": accuracy, "serve": serve}))
        self.sh("dvc", "repro", "--quiet")

    def commit(self) -> str:
        """Commits all; returns the commit."""
        self.sh("git", "add", "--all")
        self.sh("git", "commit", "--quiet", "--message", "run")
        return self.sh("git", "rev-parse", "HEAD").strip()


IN_A_FOLDER = pytest.mark.parametrize("repository", ["clone/teams/ml"], indirect=True)


@pytest.fixture
def repository(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """The whole repository is the project, or a folder of it with `IN_A_FOLDER`."""
    root = tmp_path / getattr(request, "param", "clone")
    root.mkdir(parents=True)
    monkeypatch.chdir(root)
    monkeypatch.setenv("SENSORIUM_CACHE", str(tmp_path / "cache"))
    return start(tmp_path / "clone", root)


def start(clone: Path, root: Path) -> Repository:
    """Makes a git repository and a DVC repository without a model; the latter may be a folder of the former."""
    made = Repository(root)
    made.sh("git", "init", "--quiet", str(clone))
    made.sh("git", "config", "user.name", "Ada")
    made.sh("git", "config", "user.email", "ada@example.org")
    made.sh("dvc", "init", "--quiet", *([] if root == clone else ["--subdir"]))
    (root / "dvc.yaml").write_text(GRAPH)
    (root / "make.py").write_text(MAKE)
    for name in (".gitignore", "data/feedback/README.md"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(REPOSITORY / name, root / name)
    (root / "models").mkdir()
    (root / "models/champion.json").write_text('{"version": null, "model_version": null}')
    return made
