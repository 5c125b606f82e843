"""What of the data travels with a packaged model."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from sensorium import params, paths
from sensorium.stages.package import what_is_served
from tests.conftest import Project

ROWS = [{"id": str(number), "note": f"text {number}", "colour": "red", "label": "a"} for number in range(8)]
SPLITS = ["train"] * 5 + ["val", "test", "test"]


@pytest.fixture
def prepared(project: Project) -> Project:
    """Rows of the user's own, as validate and prepare leave them."""
    project.params["inputs"] |= {"facts": {"kind": "tabular", "categories": ["colour"]}}
    for folder in (paths.VALID, paths.PREPARED):
        folder.mkdir(parents=True)
    pd.DataFrame(ROWS).to_parquet(paths.VALID / "manifest.parquet")
    rows = {"id": [row["id"] for row in ROWS], "split": SPLITS, "row.origin": "manifest"}
    pd.DataFrame(rows).to_parquet(paths.PREPARED / "rows.parquet")
    return project


def test_rows_of_ones_own_are_shown_only_if_asked_for(prepared: Project) -> None:
    prepared.write()
    served = what_is_served(params.load())
    assert (served.title, served.examples, served.choices) == ("", [], {})
    prepared.params["serve"] = {"title": "My texts", "examples": 1, "choices": True}
    prepared.write()
    served = what_is_served(params.load())
    shown = [{"note": "text 6", "facts": {"colour": "red"}}]
    assert (served.title, served.examples, served.choices) == ("My texts", shown, {"facts": {"colour": ["red"]}})


def test_of_published_data_three_are_shown(prepared: Project) -> None:
    prepared.params["data"] = {"source": "tuxpaint", "languages": ["es"]}
    prepared.write()
    served = what_is_served(params.load())
    assert served.title == "Tux Paint stamps"
    assert [one["note"] for one in served.examples] == ["text 6", "text 7"]  # there are no more
    assert served.choices == {"facts": {"colour": ["red"]}}
    prepared.params["serve"] = {"examples": 0, "choices": False}
    prepared.write()
    served = what_is_served(params.load())
    assert (served.examples, served.choices) == ([], {})


def test_rows_of_a_folder_of_ones_own_are_not_published(prepared: Project) -> None:
    prepared.params["data"] = {"source": "tuxpaint", "path": "mine", "languages": ["es"]}
    prepared.write()
    served = what_is_served(params.load())
    assert (served.title, served.examples, served.choices) == ("", [], {})


TOY = """
import bentoml

@bentoml.service
class Toy:
    @bentoml.api
    def say(self, word: str) -> str:
        return word
"""
BUILD = """
from sensorium.stages import package
package._build('1')
import bentoml
print(bentoml.get('sensorium:latest'))
"""
KILLED = """
import os, shutil, signal
def half(source, target, **_):
    shutil.copyfile(source / "bento.yaml", target / "bento.yaml")
    os.kill(os.getpid(), signal.SIGKILL)
shutil.copytree = half
"""


@pytest.mark.slow
def test_a_bento_whose_building_was_killed_is_built_whole(tmp_path: Path) -> None:
    context, home = tmp_path / "context", tmp_path / "home"
    context.mkdir()
    (context / "toy.py").write_text(TOY)
    (context / "bentofile.yaml").write_text("service: toy:Toy\nname: sensorium\ninclude: [toy.py]\n")
    environment = os.environ | {"BENTOML_HOME": str(home)}

    def build(before: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", before + BUILD]
        return subprocess.run(command, cwd=context, env=environment, capture_output=True, text=True, check=False)

    assert build(KILLED).returncode == -signal.SIGKILL
    done = build("")
    assert done.stdout == 'Bento(tag="sensorium:1")\n', done.stderr
    bento = home / "bentos/sensorium/1"
    assert (bento / "src/toy.py").read_text() == TOY
    (bento / "bento.yaml").unlink()  # as an earlier version may have left it
    done = build("")
    assert done.stdout == 'Bento(tag="sensorium:1")\n', done.stderr
    assert (bento / "bento.yaml").is_file()
    assert [path.name for path in home.glob(".*")] + [*(home / "tmp").iterdir()] == []
