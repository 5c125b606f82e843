from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from sensorium.evaluation.evidence import Evidence
from sensorium.evaluation.measure import measure
from sensorium.evaluation.names import subsets
from sensorium.evaluation.robustness import Change, Corrupted
from sensorium.evaluation.subsets import SubsetPredictions
from sensorium.targets import LearntClass
from sensorium.training.data import Rows

ROWS = 200


def measured(groups: np.ndarray) -> dict[str, Any]:
    """A network that is right in 160 of 200 rows, on features that say the class outright; one label is unknown."""
    labels = torch.arange(ROWS) % 2
    items = torch.arange(ROWS)
    features = {name: labels[:, None, None] + torch.zeros(ROWS, 1, 2) for name in ("a", "b")}
    labels = torch.where(items == ROWS - 1, -1, labels)
    rows = Rows(features, {"a": items, "b": torch.where(items < 100, items, -1)}, {"t": labels})
    true = labels.numpy()
    right = np.where(np.arange(ROWS) < 40, 1 - true, true)
    kept_inputs = subsets(["a", "b"])
    answered = np.stack([np.zeros(ROWS, bool), np.ones(ROWS, bool), np.arange(ROWS) < 100, np.ones(ROWS, bool)])
    brief = np.stack([right, np.full(ROWS, 0.5)], axis=1).astype(np.float32)
    evidence = Evidence(
        train=rows,
        val=rows,
        test=rows,
        groups=groups,
        columns=pd.DataFrame(index=range(ROWS)),
        outputs={"t": 3 * np.eye(2)[right]},
        divisors={"t": np.ones(ROWS)},
        subsets=SubsetPredictions(
            kept_inputs, answered, {"t": np.stack([brief] * 4)}, {"t": np.full((4, ROWS), 0.5, np.float32)}
        ),
        corrupted_rows=np.arange(50),
        corrupted={Change("a", "noise", 0): Corrupted(np.zeros(50, bool), {"t": np.stack([true[:50]] * 2, axis=1)})},
    )
    return measure(evidence, "t", LearntClass(("x", "y")), 400, 0.95).figures


@pytest.fixture(scope="module")
def found() -> dict[str, Any]:
    """With rows that stand for themselves."""
    return measured(np.arange(ROWS))


def test_simpler_methods_are_held_against_the_network_row_by_row(found: dict) -> None:
    assert (found["accuracy"], found["rows"]) == (159 / 199, 199)
    assert found["logistic_regression"]["accuracy"] == 1.0
    regression = found["simpler"]["logistic_regression"]
    assert (regression["accuracy"], round(regression["gain"], 6)) == (1.0, round(-40 / 199, 6))
    low, high = regression["interval"]
    assert -0.27 < low < -0.2 < high < -0.14  # it is right wherever the network is, and in forty rows more
    assert found["simpler"]["majority"]["interval"][0] > 0.1


def test_baselines_have_all_figures_that_the_network_has(found: dict) -> None:
    for name in ("majority", "logistic_regression"):
        assert set(found[name]) == set(LearntClass.figure_names)
    assert round(found["majority"]["macro_f1"], 4) == 0.3344  # of a class that is always said, and one that never is
    assert found["majority"]["roc_auc"] == 0.5
    assert round(found["majority"]["calibration_error"], 4) == 0.0  # it says the shares of the training rows


def test_inputs_are_held_against_all_inputs_without_them(found: dict) -> None:
    without = found["simpler"]["without"]
    assert (without["b"]["accuracy"], without["b"]["gain"]) == (159 / 199, 0)  # a alone says all there is
    assert without["a"]["gain"] == pytest.approx((159 - 110) / 199)
    assert without["a"]["interval"][0] > 0.1


def test_a_single_input_says_the_commonest_class_where_it_is_missing(found: dict) -> None:
    alone = found["simpler"]["only"]
    assert (alone["a"]["accuracy"], alone["a"]["gain"]) == (159 / 199, 0)
    low, high = alone["a"]["interval"]  # no row differs, which 199 of them do not prove, the less for two inputs
    assert (round(low, 4), round(high, 4)) == (-0.0246, 0.0246)
    assert alone["b"]["accuracy"] == (60 + 50) / 199
    assert found["only"]["b"]["accuracy"] == 0.6  # of the rows that have it


def test_rows_of_one_group_have_figures_but_no_interval_anywhere() -> None:
    found = measured(np.zeros(ROWS, int))
    assert (found["accuracy"], found["unjudged"]) == (159 / 199, "one group of 199 rows")
    assert set(found["intervals"].values()) == {None}
    entries = [*found["subsets"].values(), *found["without"].values()]
    entries += [one for of in ("only", "without") for one in found["simpler"][of].values()]
    entries += [found["simpler"][name] for name in ("majority", "logistic_regression")]
    assert all(one["interval"] is None and one["unjudged"].startswith("one group of ") for one in entries)
    (damaged,) = found["robustness"]["a"]["noise"].values()
    assert (damaged["drop"], damaged["drop_interval"], damaged["unjudged"]) == (-0.8, None, "one group of 50 rows")
    assert found["slices"] == {}
