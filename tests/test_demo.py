"""The loop from end to end: `make demo-drift` with the real server, worker and service, on the real stamps."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import REPOSITORY

pytestmark = [pytest.mark.slow, pytest.mark.minutes(8)]


@dataclass(frozen=True)
class Story:
    """What the demo left: its folder, its steps, and the figures of each."""

    folder: Path
    steps: dict[str, Any]

    @property
    def figures(self) -> dict[str, Any]:
        return {name: step["figures"] for name, step in self.steps.items()}


@pytest.fixture(scope="module")
def story(module_path: Path) -> Story:
    """A service meets a language that it never heard, and learns it."""
    folder = module_path / "demo"
    done = subprocess.run(
        [sys.executable, "-m", "demo.drift", "--folder", str(folder)],
        cwd=REPOSITORY, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env=os.environ | {"COLUMNS": "200"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    return Story(folder, {step["name"]: step for step in json.loads((folder / "story.json").read_text())})


def test_what_is_new_is_noticed_and_strangers_are_not_believed(story: Story) -> None:
    figures, steps = story.figures, story.steps
    assert (figures["known"]["verdict"], figures["known"]["retrain"]) == ("no drift", None)
    assert (figures["drift"]["verdict"], figures["drift"]["drifted"]) == ("drift", ["speech"])
    assert figures["drift"]["retrain"] == "drift"
    assert figures["drift"]["feedback"]["new"] == 120
    assert figures["drift"]["feedback"]["rejected"] >= 20  # the stranger's
    assert any("looks like a flood" in sentence for sentence in steps["drift"]["words"])


def test_it_is_learnt_and_can_be_taken_back(story: Story) -> None:
    figures = story.figures
    assert (figures["retrain"]["state"], figures["retrain"]["reason"]) == ("Promoted", "drift")
    assert figures["retrain"]["version"] == "v1.1.0"
    assert figures["new"]["recognised"] == 0
    assert figures["recognised"]["recognised"] > 0.9
    assert figures["rollback"]["recognised"] == 0


def test_a_prediction_is_followed_to_its_retrain(story: Story) -> None:
    output = story.steps["trace"]["output"]
    for words in ("version v1.0.0", "language: bg, sent by labellers", "(drift): promoted as v1.1.0"):
        assert words in output
    assert story.figures["retrain"]["data"] in output


def test_the_story_is_a_page_and_commits(story: Story) -> None:
    page = (story.folder / "index.html").read_text()
    for step in story.steps.values():
        assert step["title"] in page
        assert all((story.folder / address).is_file() for address in step["links"].values())
    log = subprocess.run(["git", "log", "--format=%s"], cwd=story.folder / "clone", capture_output=True, text=True)
    assert log.stdout.splitlines()[0] == "Champion v1.0.0, rolled back from v1.1.0"
    assert "Feedback: 120 new labelled predictions" in log.stdout
