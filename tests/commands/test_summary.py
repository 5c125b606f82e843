import shutil

import pandas as pd
import pytest

from sensorium.commands import summary
from sensorium.errors import UserError
from sensorium.stages import ingest, prepare, validate
from tests.conftest import Project, png


def test_an_example_whose_file_is_gone_is_a_sentence(project: Project) -> None:
    project.params |= {"inputs": {"photo": {"kind": "image"}}, "split": {"train": 0.6, "val": 0.2, "test": 0.2}}
    rows = [{"id": f"r{place}", "photo": f"{place}.png", "label": ["no", "yes"][place % 2]} for place in range(30)]
    project.write(rows, {row["photo"]: png((8 * place, 9, 200)) for place, row in enumerate(rows)})
    for stage in (ingest, validate, prepare):
        stage.run()
    (project.root / "predictions").mkdir()
    pd.DataFrame({"id": ["r7"]}).to_parquet("predictions/test.parquet")
    assert summary._example() == "curl -F photo=@reports/example/photo.png localhost:3000/predict"
    assert (project.root / "reports/example/photo.png").read_bytes() == png((56, 9, 200))
    shutil.rmtree(project.root / "data/raw/image")  # as before there were shards
    with pytest.raises(UserError, match=r"data/raw: file '7\.png' does not exist; run `dvc repro`\."):
        summary._example()
