from pathlib import Path

import numpy as np
import pandas as pd

from sensorium.dataset.predictions import classes_in, probabilities_of, targets_in, write_predictions


def test_classes_may_be_called_like_columns_of_ours(tmp_path: Path) -> None:
    classes = ["shop.predicted", "b.probability.c", "probability"]
    rows = pd.DataFrame({"id": ["1"], "group": [0], "label": ["probability"]})
    shares = np.array([[0.2, 0.3, 0.5]])
    write_predictions(tmp_path / "test.parquet", rows, {"label": shares}, {"label": classes})
    table = pd.read_parquet(tmp_path / "test.parquet")
    assert targets_in(table) == ["label"]
    assert classes_in(table, "label") == classes
    assert probabilities_of(table, "label", classes).tolist() == shares.tolist()
    assert table["label.predicted"].tolist() == ["probability"]
