import numpy as np
import pytest
from scipy.special import softmax

from sensorium.evaluation.calibration import LARGEST, fit_temperature
from sensorium.evaluation.metrics import calibration_error


def test_logits_that_are_three_times_too_large_are_divided_by_three() -> None:
    random = np.random.default_rng(0)
    honest = random.normal(size=(20_000, 4))
    labels = (softmax(honest, axis=1).cumsum(1) < random.random((20_000, 1))).sum(1)
    temperature = fit_temperature(3 * honest, labels)
    assert temperature == pytest.approx(3, rel=0.05)
    assert calibration_error(softmax(3 * honest, axis=1), labels) > 0.15
    assert calibration_error(softmax(3 * honest / temperature, axis=1), labels) < 0.02


def test_where_nothing_is_known_nothing_is_changed() -> None:
    assert fit_temperature(np.ones((3, 2)), np.array([-1, -1, -1])) == 1.0
    assert fit_temperature(np.ones((0, 2)), np.array([], int)) == 1.0


def test_a_row_whose_label_is_not_known_does_not_count() -> None:
    logits, labels = np.array([[2.0, 0.0], [0.0, 2.0], [2.0, 0.0]]), np.array([0, 1, 1])
    more = np.concatenate([logits, [[90.0, 0.0]]])
    assert fit_temperature(more, np.append(labels, -1)) == fit_temperature(logits, labels)


def test_what_is_always_right_is_not_made_certain_without_end() -> None:
    assert fit_temperature(np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([0, 1])) >= 1 / LARGEST
