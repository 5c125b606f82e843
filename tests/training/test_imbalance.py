"""Classes of which few rows are: what a row of each counts, what is answered, and whether probabilities stay honest."""

import numpy as np
import pandas as pd
import pytest
import torch

from sensorium.evaluation.calibration import calibrate
from sensorium.models.network import NetworkConfig
from sensorium.targets import Class, LearntClass, learnt
from sensorium.training.data import Rows
from sensorium.training.forward import predict
from sensorium.training.loop import TrainConfig
from sensorium.training.stacking import Divisions

HOW = TrainConfig(
    learning_rate=0.005, weight_decay=0.01, input_dropout=0.2, label_smoothing=0.0, batch_size=64, epochs=15,
    patience=5, seed=0,
)  # fmt: skip
NAMES, SHARES = np.array(["common", "rare", "rarer"]), [0.9, 0.07, 0.03]


def of(**options: float) -> LearntClass:
    labels = pd.Series([*["a"] * 90, *["b"] * 10], dtype=object)
    return Class(**options).learn(labels, np.ones(100, bool))


def rows(count: int, seed: int) -> tuple[Rows, np.ndarray]:
    """Classes that overlap, so that none is certain of any."""
    random = np.random.default_rng(seed)
    labels = random.choice(3, count, p=SHARES)
    centres = np.array([[0.0, 0.0], [1.6, 0.0], [0.0, 1.8]])[labels]
    items = torch.arange(count)
    features = {
        name: torch.tensor(clear * centres + random.normal(size=(count, 2)), dtype=torch.float32)[:, None]
        for name, clear in (("clear", 1.0), ("dim", 0.5))
    }
    return Rows(features, dict.fromkeys(features, items), {"y": torch.from_numpy(labels)}, items), NAMES[labels]


def test_a_rare_class_counts_as_much_as_is_declared() -> None:
    np.testing.assert_allclose(of(balance=1.0).class_weights, [5 / 9, 5.0])  # 90 rows and 10: 50 and 50
    np.testing.assert_allclose(of(balance=0.5).class_weights, [10 / 12, 30 / 12])  # by the root of nine, three times
    assert of(focal=2.0).class_weights.tolist() == [1.0, 1.0]
    one_each = torch.zeros(2, 2), torch.tensor([0, 1])
    assert of(balance=1.0).loss(*one_each).item() == pytest.approx(np.log(2) * (5 / 9 + 5) / 2)
    assert of(focal=2.0).loss(*one_each).item() == pytest.approx(np.log(2) / 4)  # half is missing of each, squared
    assert of().loss(*one_each).item() == pytest.approx(np.log(2))


def test_what_is_certain_and_right_has_a_slope_under_any_gamma() -> None:
    sure = torch.tensor([[200.0, 0.0]], requires_grad=True)
    of(focal=0.5).loss(sure, torch.tensor([0])).backward()
    assert sure.grad is not None
    assert torch.isfinite(sure.grad).all()


def test_the_answer_is_the_class_that_is_likely_for_its_frequency() -> None:
    balanced, plain = of(balance=1.0), of()
    for probabilities, label in (([0.8, 0.2], "b"), ([0.95, 0.05], "a"), ([0.9, 0.1], "a")):  # level: the likelier
        answer = balanced.answer(np.array(probabilities), 0.0, 2)
        assert (answer["label"], answer["confidence"]) == (label, probabilities["ab".index(label)])
        assert answer["probabilities"] == dict(zip("ab", probabilities, strict=True))
        assert plain.answer(np.array(probabilities), 0.0, 2)["label"] == "a"
    assert balanced.answer(np.array([0.8, 0.2]), 0.3, 2)["label"] is None  # of 0.2 one is not sure enough


def test_a_model_of_an_earlier_version_has_no_weights() -> None:
    assert learnt(["a", "b"]) == LearntClass(("a", "b"))
    assert learnt({"kind": "class", "classes": ["a", "b"], "weight": 2.0}) == LearntClass(("a", "b"), 2.0)
    assert of().state == ["a", "b"]


def test_models_with_other_weights_are_each_judged_by_their_own_answers() -> None:
    values, probabilities = pd.Series(["b", "a"], dtype=object), np.array([[0.8, 0.2], [0.95, 0.05]])
    judges, truth, ours, theirs = of(balance=1.0).side_by_side(of(), probabilities, probabilities, values)
    accuracies = [
        one.judged(found, truth, np.arange(2)).figures()["accuracy"]
        for one, found in zip(judges, (ours, theirs), strict=True)
    ]
    assert accuracies == [1.0, 0.5]


@pytest.mark.parametrize("kind", ["concat", "linear"])
def test_rare_classes_are_answered_more_often_and_probabilities_stay_honest(kind: str) -> None:
    """Measured as well without an input, which has a temperature of its own."""
    (train, names), (validation, others), (test, _) = rows(1500, 0), rows(400, 1), rows(4000, 2)
    labels, truth = pd.Series(np.concatenate([names, others]), dtype=object), test.labels["y"].numpy()
    balanced_accuracy = {}
    for options in ({}, {"balance": 1.0}, {"balance": 1.0, "focal": 2.0}):
        target = Class(**options).learn(labels, np.arange(len(labels)) < len(names))
        config = NetworkConfig(train.dims, {"y": target.state}, kind, 16, 1, 0.1)
        stacked = Divisions([(train, validation)]).fit(config, HOW)
        network = stacked.fitted_to(config, HOW, train, validation).network
        calibrate(network, stacked.judged)
        for absent in (set[str](), {"clear"}):
            predictions = network.targets["y"].predict(predict(network, test.without(absent))["y"].numpy())
            figures = network.targets["y"].judged(predictions, truth, np.arange(len(truth))).figures()
            assert figures["calibration_error"] < 0.04
            np.testing.assert_allclose(predictions.mean(0), np.bincount(truth) / len(truth), atol=0.04)
            if not absent:
                balanced_accuracy[str(options)] = figures["balanced_accuracy"]
    plain, *weighted = balanced_accuracy.values()
    assert plain < 0.55
    assert min(weighted) > 0.65
