from pathlib import Path

import pytest

from sensorium.stages.report import _project


@pytest.mark.parametrize("folder", ["/home/a/stamps", "/home/a/stamps/.dvc/tmp/exps/tmpx1", "stamps"])
def test_an_experiment_of_dvc_has_the_name_of_its_project(folder: str) -> None:
    assert _project(Path(folder)) == "stamps"
