from pathlib import Path

import numpy as np
import pandas as pd

from sensorium.dataset.predictions import read_predictions, write_predictions
from sensorium.targets import LearntClass


def test_classes_may_be_called_like_columns_of_ours(tmp_path: Path) -> None:
    target = LearntClass(("shop.predicted", "b.probability.c", "probability"))
    rows = pd.DataFrame({"id": ["1"], "group": [0], "label": ["probability"]})
    shares = np.array([[0.2, 0.3, 0.5]])
    write_predictions(tmp_path / "test.parquet", rows, {"label": shares}, {"label": target})
    table = pd.read_parquet(tmp_path / "test.parquet")
    assert read_predictions(table, "label", target).tolist() == shares.tolist()
    assert table["label.predicted"].tolist() == ["probability"]
