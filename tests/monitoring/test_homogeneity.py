import numpy as np
import pandas as pd
import pytest

from sensorium.monitoring.homogeneity import most_common, of_classes, of_numbers


def test_p_values_of_numbers_are_exact() -> None:
    assert of_numbers(np.arange(4), np.arange(4) + 10) == pytest.approx(2 / 70)
    assert of_numbers(np.arange(20), np.arange(20)) == 1
    assert of_numbers(np.zeros(20), np.zeros(30)) == 1


def test_p_values_of_classes_are_those_of_permuted_rows() -> None:
    reference, current = np.array(list("aaab")), np.array(list("abbb"))
    assert of_classes(reference, current, 0.01) == pytest.approx(34 / 70, abs=0.015)  # Fisher's exact test
    assert of_classes(reference, current, 0.01) == of_classes(reference, current, 0.01)
    assert of_classes(reference, reference, 0.01) == 1
    assert of_classes(np.array(["a"] * 50), np.array(["b"] * 50), 1e-4) == pytest.approx(1 / 200_001)


@pytest.mark.parametrize("current", [50, 1000])
def test_alarms_are_as_rare_as_said_for_a_small_reference_with_rare_classes(current: int) -> None:
    shares = [0.6, 0.2, 0.1, 0.05, 0.02, 0.01, 0.01, 0.005, 0.003, 0.002]
    random = np.random.default_rng(current)
    draws = [[random.choice(10, size, p=shares) for size in (128, current)] for _ in range(400)]
    assert np.mean([of_classes(*sides, 0.05) < 0.05 for sides in draws]) < 0.05 + 3 * 0.011


def test_alarms_are_rarer_than_said_where_numbers_are_often_equal() -> None:
    random = np.random.default_rng(0)
    draws = [[random.poisson(3, size) for size in (128, 200)] for _ in range(500)]
    assert np.mean([of_numbers(*sides) < 0.05 for sides in draws]) < 0.05


def test_the_rarest_classes_become_one() -> None:
    reference, current = pd.Series(["a", "a", "b", "c", None]), pd.Series(["a", "d", "d", None])
    kept = most_common(reference, current, 2, "other")
    assert [side.fillna("").tolist() for side in kept] == [["a", "a", "other", "other", ""], ["a", "d", "d", ""]]
