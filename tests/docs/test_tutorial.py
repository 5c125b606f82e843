"""The tutorial, typed as it stands: from a table to a drift report and a retrain."""

import json
from pathlib import Path

import pandas as pd
import pytest

from tests.conftest import REPOSITORY
from tests.docs.blocks import read_blocks
from tests.docs.walk import Walk

CUSTOMERS = "python my/customers.py"
TRACE = "sensorium trace REQUEST_ID"


def remember_request(walk: Walk) -> None:
    """The id that the script printed."""
    walk.words["REQUEST_ID"] = walk.done[CUSTOMERS].split()[-1]


def hurry(walk: Walk) -> None:
    """The only thing that a reader would not do: fewer trials and draws than are shipped."""
    walk.replace(
        search={"trials": 2, "minutes": 5.0, "seed": 0},
        evaluation={"bootstrap": 200, "confidence": 0.95, "robustness_rows": 20},
    )


@pytest.mark.slow
@pytest.mark.minutes(12)
def test_the_tutorial_from_its_first_command_to_its_last(tmp_path: Path) -> None:
    with Walk(tmp_path / "reader", {"python my/make.py": hurry, TRACE: remember_request}, {}) as walk:
        for block in read_blocks(REPOSITORY / "docs/tutorial.md", REPOSITORY):
            walk.type(block)
        said = walk.done
        assert "gate     passed" in said["sensorium summary"]
        assert said["sensorium promote"].startswith("promote: v1.0.0 is the champion")
        assert "attention" in said["sensorium leaderboard"]

        in_git = walk.place.run("git", "ls-files").splitlines()
        assert "my/stall.csv" in in_git
        assert not [name for name in in_git if name.startswith("my/photos/")]

        answers = pd.read_parquet(walk.root / "predictions/stall.parquet")
        table = pd.read_csv(walk.root / "my/stall.csv")
        assert len(answers) == len(table) == 400
        asked = next(text for command, text in said.items() if command.startswith("sensorium predict --note"))
        assert "fruit: cherry" in asked

        check = json.loads((walk.root / "reports/monitoring/check.json").read_text())
        assert check["verdict"] == "drift"
        assert "photo" in check["drifted"]
        assert "conclude: promoted: v1.1.0 is the champion" in said["sensorium conclude"]
        assert "fruit: " in said[TRACE] and ", accepted" in said[TRACE]
