import json
import shutil
from contextlib import chdir
from copy import deepcopy
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sensorium import paths
from sensorium.compression import bench
from sensorium.errors import UserError
from sensorium.runtime.predictor import Predictor
from sensorium.stages import compress, embed, ingest, prepare, search, train, validate
from tests.conftest import Project

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def made(module_path: Path) -> Project:
    """A model of two tables; no test row has the second."""
    project = Project(module_path / "made")
    project.root.mkdir()
    random = np.random.default_rng(0)
    rows = [{"a": a, "b": b, "y": "high" if a + noise > 0 else "low"} for a, b, noise in random.normal(size=(300, 3))]
    project.params |= {
        "inputs": {"samples": {"kind": "tabular", "numbers": ["a"]}, "rare": {"kind": "tabular", "numbers": ["b"]}},
        "targets": {"y": {"kind": "class"}},
        "split": {"train": 0.45, "val": 0.4, "test": 0.15},  # so many judge one fit, without cross-validation
        "search": {"trials": 1, "minutes": 1.0},
        "fusion": {"kind": "attention", "width": 32},
        "training": {"epochs": 40, "learning_rate": 0.01},
        "compress": {
            "forms": ["optimised", "int8", "fp16"],
            "students": {"fusion": [{"kind": "width", "keep": 0.25}, {"kind": "sparse", "keep": 0.5}]},
        },
    }
    project.write(rows)
    with chdir(project.root), pytest.MonkeyPatch.context() as patch:
        patch.setenv("SENSORIUM_CACHE", str(module_path / "cache"))
        for stage in (ingest, validate, prepare):
            stage.run()
        table = pd.read_parquet(paths.PREPARED / "rows.parquet")
        table.loc[table["split"] != "train", "rare"] = None
        table.to_parquet(paths.PREPARED / "rows.parquet")
        for name in ("samples", "rare"):
            embed.run(name)
        search.run()
        train.run()
    return project


@pytest.fixture
def trained(made: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """It in the working directory, for one test to compress."""
    shutil.copytree(made.root, tmp_path / "trained")
    monkeypatch.chdir(tmp_path / "trained")
    monkeypatch.setenv("SENSORIUM_CACHE", str(tmp_path / "cache"))
    project = Project(tmp_path / "trained")
    project.params = deepcopy(made.params)
    return project


def test_what_rows_cannot_prove_is_not_tried(trained: Project, capsys: pytest.CaptureFixture[str]) -> None:
    compress.run()
    found = json.loads((trained.root / "metrics/compress.json").read_text())
    assert found["proof"] == {"rows": 45, "needed": 381}
    assert found["candidates"]["fusion"].keys() == {"fp32", "optimised"}  # 45 rows prove no point
    assert found["candidates"]["rare"].keys() == {"fp32", "optimised"}
    assert "no test row has this input" in found["candidates"]["rare"]["optimised"]["refused"]
    assert found["difference"]["y"] == {"value": 0.0, "interval": [0.0, 0.0]}
    printed = capsys.readouterr().out
    assert "compress: 45 test rows have y; it takes 381 to prove that no more than 0.01 of accuracy is lost" in printed
    assert "Accuracy on the same 45 test rows: unchanged." in printed
    predictor = Predictor.load(trained.root / "models/compressed")
    assert predictor.predict([{"rare": {"b": 1.0}}])[0]["y"].shape == (2,)
    assert not list((trained.root / "models").glob(".*"))
    trained.params["compress"] |= {"max_drop": 0.3}
    trained.write()
    compress.run()
    found = json.loads((trained.root / "metrics/compress.json").read_text())
    assert found["candidates"]["fusion"].keys() >= {"fp32", "int8", "fp16", "width-0.25", "sparse-0.5"}
    assert found["candidates"]["rare"].keys() == {"fp32", "optimised", "int8", "fp16"}
    assert found["chosen"]["fusion"] != "fp32"
    assert "points [" in capsys.readouterr().out


def test_a_late_failure_leaves_the_old_model_and_its_figures(trained: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    compress.run()
    before = {path: path.read_bytes() for path in sorted(Path().glob("m*/**/compress*")) if path.is_file()}
    version = Predictor.load(paths.COMPRESSED).version
    trained.params["compress"] |= {"max_drop": 0.3}
    trained.write()

    def no_process(*arguments: object) -> tuple[float, int]:
        raise UserError("no process may start")

    monkeypatch.setattr(bench.cold_start, "measure", no_process)
    with pytest.raises(UserError):
        compress.run()
    assert Predictor.load(paths.COMPRESSED).version == version
    assert {path: path.read_bytes() for path in before} == before


def test_a_model_of_other_inputs_is_named(trained: Project) -> None:
    trained.params["inputs"]["new"] = trained.params["inputs"].pop("rare")
    trained.write()
    with pytest.raises(
        UserError, match="models/trained reads rare, samples, but params.yaml has new, samples; run `dvc"
    ):
        compress.run()
