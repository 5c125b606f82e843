import time

import numpy as np
import torch

from sensorium.evaluation.baselines import baselines
from sensorium.targets import LearntClass
from sensorium.training.data import Rows


def rows(count: int, only: int | None = None) -> Rows:
    torch.manual_seed(count)
    labels = torch.arange(count) % 2 if only is None else torch.full((count,), only)
    features = {"a": torch.randn(count, 1, 2) + 4 * labels[:, None, None]}
    return Rows(features, {"a": torch.arange(count)}, {"t": labels})


def logistic_regression(train: Rows, val: Rows, test: Rows, classes: int = 2) -> np.ndarray:
    target = LearntClass(tuple(map(str, range(classes))))
    return baselines("t", target, ["a"], train, val, test)["logistic_regression"]


def test_classes_that_lie_apart_are_told_apart() -> None:
    found = logistic_regression(rows(60), rows(20), rows(30))
    assert (found.argmax(1) == rows(30).labels["t"].numpy()).mean() > 0.95


def test_one_class_in_training_is_nothing_to_fit() -> None:
    assert logistic_regression(rows(10, only=1), rows(4), rows(3)).tolist() == [[0, 1]] * 3


def test_without_a_validation_label_it_still_fits() -> None:
    found = logistic_regression(rows(60), rows(20, only=-1), rows(30))
    assert (found.argmax(1) == rows(30).labels["t"].numpy()).mean() > 0.95


def test_many_classes_on_many_features_take_seconds() -> None:
    torch.manual_seed(0)
    labels = torch.arange(2000) % 500
    centres = torch.randn(500, 1, 800)
    known = Rows({"a": centres[labels] + 0.1 * torch.randn(2000, 1, 800)}, {"a": torch.arange(2000)}, {"t": labels})
    start = time.perf_counter()
    found = logistic_regression(known, known, known, 500)
    assert (found.argmax(1) == labels.numpy()).mean() > 0.95
    assert time.perf_counter() - start < 60  # minutes before
