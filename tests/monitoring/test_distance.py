import numpy as np
import pytest

from sensorium.monitoring.distance import energy_distance


def test_the_effect_is_the_published_coefficient() -> None:
    """Two points at 0 and two at 1: E|X-Y| = 1, E|X-X'| = E|Y-Y'| = 0, so that H = 1."""
    apart = energy_distance(np.array([[0.0], [0.0]]), np.array([[1.0], [1.0]]), 99)
    assert apart.effect == pytest.approx(1.0)
    half = energy_distance(np.array([[0.0], [2.0]]), np.array([[0.0], [4.0]]), 99)
    # E|X-Y| = (0 + 4 + 2 + 2) / 4 = 2, E|X-X'| = 1, E|Y-Y'| = 2: (4 - 3) / 4
    assert half.effect == pytest.approx(0.5)


def test_p_values_are_spread_evenly_where_nothing_differs() -> None:
    random = np.random.default_rng(0)
    found = [
        energy_distance(random.normal(size=(40, 3)), random.normal(size=(60, 3)), 199, seed).p_value
        for seed in range(200)
    ]
    assert np.mean(np.array(found) < 0.1) == pytest.approx(0.1, abs=0.05)
    assert np.mean(np.array(found) < 0.5) == pytest.approx(0.5, abs=0.08)


def test_a_shift_is_found_and_the_rows_that_make_it_lie_farthest() -> None:
    random = np.random.default_rng(0)
    current = random.normal(size=(80, 4))
    current[:20] += 4
    found = energy_distance(random.normal(size=(100, 4)), current, 999)
    assert found.p_value == 0.001
    assert set(np.argsort(-found.far)[:15]) <= set(range(20))


def test_an_axis_that_does_not_vary() -> None:
    same = energy_distance(np.zeros((20, 2)), np.zeros((20, 2)), 99)
    assert (same.effect, same.p_value) == (0.0, 1.0)
