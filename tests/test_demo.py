"""The loop from end to end: `make demo-drift` with the real server, worker and service, on the real stamps."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY


@pytest.mark.slow
@pytest.mark.minutes(12)
def test_a_service_meets_a_language_it_never_heard_and_learns_it(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    done = subprocess.run(
        [sys.executable, "-m", "demo.drift", "--folder", str(folder)],
        cwd=REPOSITORY, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env=os.environ | {"COLUMNS": "200"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    steps = {step["name"]: step for step in json.loads((folder / "story.json").read_text())}
    figures = {name: step["figures"] for name, step in steps.items()}

    assert (figures["known"]["verdict"], figures["known"]["retrain"]) == ("no drift", None)
    assert (figures["drift"]["verdict"], figures["drift"]["drifted"]) == ("drift", ["speech"])
    assert figures["drift"]["retrain"] == "drift"
    assert figures["drift"]["feedback"]["new"] == 120
    assert figures["drift"]["feedback"]["rejected"] >= 20  # the stranger's
    assert any("looks like a flood" in sentence for sentence in steps["drift"]["words"])

    assert (figures["retrain"]["state"], figures["retrain"]["reason"]) == ("Promoted", "drift")
    assert figures["retrain"]["version"] == "v1.1.0"
    assert figures["new"]["recognised"] == 0
    assert figures["recognised"]["recognised"] > 0.9
    assert figures["rollback"]["recognised"] == 0

    for words in ("version v1.0.0", "language: bg, sent by labellers", "(drift): promoted as v1.1.0"):
        assert words in steps["trace"]["output"]
    assert figures["retrain"]["data"] in steps["trace"]["output"]
    page = (folder / "index.html").read_text()
    for step in steps.values():
        assert step["title"] in page
        assert all((folder / address).is_file() for address in step["links"].values())
    log = subprocess.run(["git", "log", "--format=%s"], cwd=folder / "clone", capture_output=True, text=True).stdout
    assert log.splitlines()[0] == "Champion v1.0.0, rolled back from v1.1.0"
    assert "Feedback: 120 new labelled predictions" in log
