"""The tutorial, typed as it stands: from a table to a drift report and a retrain."""

import json
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from tests.conftest import REPOSITORY
from tests.docs.blocks import read_blocks
from tests.docs.walk import Walk

pytestmark = [pytest.mark.slow, pytest.mark.minutes(5)]

CUSTOMERS = "python my/customers.py"
TRACE = "sensorium trace REQUEST_ID"


def remember_request(walk: Walk) -> None:
    """The id that the script printed."""
    walk.words["REQUEST_ID"] = walk.done[CUSTOMERS].split()[-1]


def hurry(walk: Walk) -> None:
    """The only thing that a reader would not do: fewer fits, trials, draws and forms, a smaller network."""
    walk.replace(
        split={"train": 0.45, "val": 0.35, "test": 0.2, "stratify": "fruit", "group": ["seller"], "seed": 0},
        search={"trials": 1, "minutes": 5.0, "seed": 0},
        fusion={"kind": "concat", "width": 64, "layers": 1, "dropout": 0.2},
        evaluation={"bootstrap": 200, "confidence": 0.95, "robustness_rows": 0},
        compress={"forms": []},
    )


@pytest.fixture(scope="module")
def reader(module_path: Path) -> Iterator[Walk]:
    """Who typed the tutorial from its first command to its last."""
    with Walk(module_path / "reader", {"dvc repro": hurry, TRACE: remember_request}, {}) as walk:
        for block in read_blocks(REPOSITORY / "docs/tutorial.md", REPOSITORY):
            walk.type(block)
        yield walk


def test_a_table_becomes_a_champion(reader: Walk) -> None:
    said = reader.done
    assert "gate     passed" in said["sensorium summary"]
    assert said["sensorium promote"].startswith("promote: v1.0.0 is the champion")
    assert "attention" in said["sensorium leaderboard"]


def test_the_table_is_in_git_and_its_media_are_not(reader: Walk) -> None:
    in_git = reader.place.run("git", "ls-files").splitlines()
    assert "my/stall.csv" in in_git
    assert not [name for name in in_git if name.startswith("my/photos/")]


def test_the_model_answers_one_sample_and_a_table(reader: Walk) -> None:
    answers = pd.read_parquet(reader.root / "predictions/stall.parquet")
    table = pd.read_csv(reader.root / "my/stall.csv")
    assert len(answers) == len(table) == 400
    asked = next(text for command, text in reader.done.items() if command.startswith("sensorium predict --note"))
    assert "fruit: cherry" in asked


def test_drift_is_noticed_and_learnt(reader: Walk) -> None:
    check = json.loads((reader.root / "reports/monitoring/check.json").read_text())
    assert check["verdict"] == "drift"
    assert "photo" in check["drifted"]
    assert "conclude: promoted: v1.1.0 is the champion" in reader.done["sensorium conclude"]
    assert "fruit: " in reader.done[TRACE] and ", accepted" in reader.done[TRACE]
