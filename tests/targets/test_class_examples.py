import numpy as np

from sensorium.targets.class_.examples import choose


def test_right_rows_that_are_worth_seeing_then_the_surest_wrong_ones() -> None:
    confidence = np.array([1.0, 0.81, 0.79, 0.6, 0.95, 0.9, 0.99, 0.7])
    predicted = np.array([0, 0, 1, 1, 0, 0, 1, 1])
    labels = np.array([0, 0, 1, 1, 1, 1, -1, 0])
    assert choose(predicted, confidence, labels, np.arange(8)) == [1, 2, 4, 5, 7]


def test_no_two_share_a_group() -> None:
    labels = np.array([0, 1, 1, 1])
    assert choose(np.array([0, 1, 0, 0]), np.array([0.8, 0.8, 0.9, 0.95]), labels, np.array([0, 0, 5, 5])) == [0, 3]
