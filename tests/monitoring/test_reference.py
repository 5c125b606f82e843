from pathlib import Path

import numpy as np
import pandas as pd

from sensorium.dataset.served import ServedRows
from sensorium.modalities import Tabular
from sensorium.monitoring.reference import principal_axes, write_reference
from sensorium.serving.drift import read_projections
from sensorium.serving.predictor import Predictor
from tests import model


def test_the_reference_says_what_was_there_how_it_looked_and_what_was_answered(tmp_path: Path) -> None:
    values = [{"a": 1.0}, {"a": 3.0, "b": 5.0}]
    readers = model.read({"facts": Tabular(numbers=["a", "b"]), "more": Tabular(numbers=["c"])}, {
        "facts": values[0], "more": {"c": 1.0}
    })  # fmt: skip
    network = model.small_network(readers, {"label": ["no", "yes"]})
    folder = model.write(readers, {"facts": values[0], "more": {"c": 1.0}}, network, tmp_path / "model")
    rows = ServedRows({"facts": values, "more": []}, {"facts": np.array([1, 0, -1]), "more": np.array([-1, -1, -1])})
    predictor = Predictor.load(folder)
    write_reference(tmp_path, predictor, rows)
    table = pd.read_parquet(tmp_path / "reference.parquet")
    assert table["present.facts"].tolist() == [True, True, False]
    assert table["present.more"].tolist() == [False, False, False]
    assert table["facts.a"].tolist()[:2] == [3.0, 1.0]
    assert table["facts.b"].isna().tolist() == [False, True, True]
    answers = predictor.predict([{"facts": values[1]}, {"facts": values[0]}])
    shares = table[["label.probability.no", "label.probability.yes"]].to_numpy()
    np.testing.assert_allclose(shares[:2], [answer["label"] for answer in answers], atol=1e-5)
    projections = read_projections(tmp_path)
    assert set(projections) == {f"{name}.{part}" for name in ("facts", "more") for part in ("mean", "axes", "tenths")}
    features = predictor.encode("facts", values).reshape(2, -1)
    put = (features - projections["facts.mean"]) @ projections["facts.axes"]
    np.testing.assert_allclose(table["facts.axis.0"].to_numpy()[:2], put[::-1, 0], atol=1e-5)


def test_axes_are_those_along_which_features_vary_most() -> None:
    features = np.array([[0.0, 1.0], [0.0, -1.0], [0.1, 3.0], [-0.1, -3.0]])
    mean, axes = principal_axes(features)
    assert mean.tolist() == [0, 0]
    assert axes.shape == (2, 2)
    assert axes[1, 0] > 0.99
    assert principal_axes(np.zeros((0, 3)))[1].shape == (3, 0)
