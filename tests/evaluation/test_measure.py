import numpy as np
import pandas as pd
import pytest
import torch

from sensorium.evaluation.measure import Evidence, measure
from sensorium.evaluation.subsets import Answers, subsets
from sensorium.training.data import Rows

ROWS = 200


@pytest.fixture(scope="module")
def found() -> dict[str, object]:
    """A network that is right in 160 of 200 rows, on features that say the class outright; one label is unknown."""
    labels = torch.arange(ROWS) % 2
    items = torch.arange(ROWS)
    features = {name: labels[:, None, None] + torch.zeros(ROWS, 1, 2) for name in ("a", "b")}
    labels = torch.where(items == ROWS - 1, -1, labels)
    rows = Rows(features, {"a": items, "b": torch.where(items < 100, items, -1)}, {"t": labels})
    true = labels.numpy()
    right = np.where(np.arange(ROWS) < 40, 1 - true, true)
    asked = subsets(["a", "b"])
    alone = {"a": right, "b": np.where(np.arange(ROWS) < 100, right, -1)}
    predicted = np.stack([np.full(ROWS, -1), alone["a"], alone["b"], right]).astype(np.int32)
    evidence = Evidence(
        train=rows,
        val=rows,
        test=rows,
        groups=np.arange(ROWS),
        columns=pd.DataFrame(index=range(ROWS)),
        logits={"t": 3 * np.eye(2)[right]},
        temperatures={"t": 1.0},
        answers=Answers(asked, {"t": predicted}, {"t": np.full((4, ROWS), 0.5, np.float32)}),
        corrupted_rows=np.arange(0),
        corrupted={},
    )
    return measure(evidence, "t", ["x", "y"], 400, 0.95).figures


def test_simpler_methods_are_held_against_the_network_row_by_row(found: dict) -> None:
    assert (found["accuracy"], found["rows"]) == (159 / 199, 199)
    assert found["logistic_regression"] == {"accuracy": 1.0}
    regression = found["simpler"]["logistic_regression"]
    assert (regression["accuracy"], round(regression["gain"], 6)) == (1.0, round(-40 / 199, 6))
    low, high = regression["interval"]
    assert -0.27 < low < -0.2 < high < -0.14  # it is right wherever the network is, and in forty rows more
    assert found["simpler"]["majority"]["interval"][0] > 0.1


def test_a_single_input_says_the_commonest_class_where_it_is_missing(found: dict) -> None:
    alone = found["simpler"]["only"]
    assert (alone["a"]["accuracy"], alone["a"]["gain"]) == (159 / 199, 0)
    low, high = alone["a"]["interval"]  # no row differs, which 199 of them do not prove, the less for two inputs
    assert (round(low, 4), round(high, 4)) == (-0.0246, 0.0246)
    assert alone["b"]["accuracy"] == (60 + 50) / 199
    assert found["only"]["b"]["accuracy"] == 0.6  # of the rows that have it
