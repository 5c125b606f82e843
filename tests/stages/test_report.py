from pathlib import Path

import pytest

from sensorium.sources import Manifest, TuxPaint
from sensorium.stages.report import _project


@pytest.mark.parametrize("folder", ["/home/a/stamps", "/home/a/stamps/.dvc/tmp/exps/tmpx1", "stamps"])
def test_an_experiment_of_dvc_has_the_name_of_its_project(folder: str) -> None:
    assert _project(Manifest(path="table.csv"), Path(folder)) == "stamps"


def test_published_data_has_one_name_everywhere() -> None:
    assert _project(TuxPaint(languages=["es"]), Path("/home/a/clone")) == "Tux Paint stamps"
