from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sensorium.dataset.served import ServedRows
from sensorium.modalities import Tabular
from sensorium.monitoring.drift.reference import GROUPED_BY, ReferenceContext, principal_axes, write_reference
from sensorium.runtime.predictor import Predictor
from sensorium.runtime.profile import FILE, Profile
from tests import model


@pytest.mark.parametrize("is_content", [True, False])
def test_the_reference_says_what_was_there_how_it_looked_and_what_was_answered(
    is_content: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Tabular, "describes_content", is_content)
    values = [{"a": 1.0, "colour": "red"}, {"a": 3.0, "b": 5.0, "colour": "green"}]
    kinds = {"facts": Tabular(numbers=["a", "b"], categories=["colour"]), "more": Tabular(numbers=["c"])}
    readers = model.read(kinds, {"facts": values[0], "more": {"c": 1.0}})
    network = model.small_network(readers, {"label": ["no", "yes"]})
    folder = model.write(readers, {"facts": values[0], "more": {"c": 1.0}}, network, tmp_path / "model")
    rows = ServedRows({"facts": values, "more": []}, {"facts": np.array([1, 0, -1]), "more": np.array([-1, -1, -1])})
    predictor = Predictor.load(folder)
    axes = {"facts": predictor.encode("facts", values), "more": np.zeros((0, 1, 2), np.float32)}
    known = ReferenceContext(
        np.array([4, 4, 7]), {"label": ["yes", None, "no"]}, ["facts"], {"facts": values[:1]}, axes
    )
    write_reference(tmp_path, predictor, rows, known)

    table = pd.read_parquet(tmp_path / "reference.parquet")
    assert table["unit"].tolist() == [4, 4, 7]
    assert table["label.label"].tolist() == ["yes", None, "no"]
    assert table["present.facts"].tolist() == [True, True, False]
    assert table["present.more"].tolist() == [False, False, False]
    # The outer tenths of 1 and 3, where these themselves are not to be written down.
    assert table["facts.a"].tolist()[:2] == ([2.8, 1.2] if is_content else [3.0, 1.0])
    assert table["facts.b"].isna().tolist() == [False, True, True]
    assert table["facts.unknown"].tolist()[:2] == [1.0, 0.0]  # only red was in the training rows
    answers = predictor.predict([{"facts": values[1]}, {"facts": values[0]}])
    shares = table[["label.probability.no", "label.probability.yes"]].to_numpy()
    np.testing.assert_allclose(shares[:2], [answer["label"] for answer in answers], atol=1e-5)

    with np.load(tmp_path / FILE) as arrays:
        assert arrays[GROUPED_BY].tolist() == ["facts"]
    onto = Profile.read(tmp_path).onto_axes("facts", predictor.encode("facts", values))
    if is_content:  # from axes the columns could be reckoned back
        assert not [name for name in table if ".axis." in name]
    else:
        np.testing.assert_allclose(table["facts.axis.0"].to_numpy()[:2], onto[::-1, 0], atol=1e-5)


def test_axes_are_those_along_which_features_vary_most() -> None:
    features = np.array([[0.0, 1.0], [0.0, -1.0], [0.1, 3.0], [-0.1, -3.0]])
    mean, axes = principal_axes(features)
    assert mean.tolist() == [0, 0]
    assert axes.shape == (2, 2)
    assert axes[1, 0] > 0.99
    assert principal_axes(np.zeros((0, 3)))[1].shape == (3, 0)
