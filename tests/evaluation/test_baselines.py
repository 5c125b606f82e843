import torch

from sensorium.evaluation.baselines import logistic_regression
from sensorium.training.data import Rows


def rows(count: int, only: int | None = None) -> Rows:
    torch.manual_seed(count)
    labels = torch.arange(count) % 2 if only is None else torch.full((count,), only)
    features = {"a": torch.randn(count, 1, 2) + 4 * labels[:, None, None]}
    return Rows(features, {"a": torch.arange(count)}, {"t": labels})


def test_classes_that_lie_apart_are_told_apart() -> None:
    found = logistic_regression(["a"], "t", rows(60), rows(20), rows(30))
    assert (found == rows(30).labels["t"].numpy()).mean() > 0.95


def test_one_class_in_training_is_nothing_to_fit() -> None:
    assert logistic_regression(["a"], "t", rows(10, only=1), rows(4), rows(3)).tolist() == [-1, -1, -1]


def test_without_a_validation_label_it_still_fits() -> None:
    found = logistic_regression(["a"], "t", rows(60), rows(20, only=-1), rows(30))
    assert (found == rows(30).labels["t"].numpy()).mean() > 0.95
