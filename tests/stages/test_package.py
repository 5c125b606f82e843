"""What of the data travels with a packaged model."""

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
