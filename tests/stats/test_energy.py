import numpy as np
import pytest

from sensorium.stats.energy import Energy
from sensorium.stats.permutation import Comparison, weigh


def of(reference: np.ndarray, current: np.ndarray) -> tuple[Energy, np.ndarray]:
    return Energy(np.concatenate([reference, current])), np.repeat([False, True], [len(reference), len(current)])


def test_the_effect_is_the_published_coefficient() -> None:
    """Two points at 0 and two at 1: E|X-Y| = 1, E|X-X'| = E|Y-Y'| = 0, so that H = 1."""
    apart, sides = of(np.array([[0.0], [0.0]]), np.array([[1.0], [1.0]]))
    assert apart.effect(sides) == pytest.approx(1.0)
    half, sides = of(np.array([[0.0], [2.0]]), np.array([[0.0], [4.0]]))
    # E|X-Y| = (0 + 4 + 2 + 2) / 4 = 2, E|X-X'| = 1, E|Y-Y'| = 2: (4 - 3) / 4
    assert half.effect(sides) == pytest.approx(0.5)


def test_the_statistic_is_the_energy_distance_over_the_mean_distance() -> None:
    energy, sides = of(np.array([[0.0], [2.0]]), np.array([[0.0], [4.0]]))
    ways = np.column_stack([sides, ~sides]).astype(np.float32)
    # distances of all 16 pairs add up to 2 (2 + 0 + 4 + 2 + 2 + 4) = 28
    assert energy(ways).tolist() == pytest.approx([1 / (28 / 16)] * 2, abs=1e-6)


def test_a_shift_is_found_and_the_rows_that_make_it_lie_farthest() -> None:
    random = np.random.default_rng(0)
    current = random.normal(size=(80, 4))
    current[:20] += 4
    energy, sides = of(random.normal(size=(100, 4)), current)
    assert weigh({"x": Comparison(np.arange(180), energy)}, sides, 0.05).p_values["x"] == 1 / 5001
    assert set(np.argsort(-energy.far(sides))[:15]) <= set(range(20))


def test_embeddings_that_do_not_vary() -> None:
    energy, sides = of(np.zeros((20, 2)), np.zeros((20, 2)))
    assert energy.effect(sides) == 0
    assert weigh({"x": Comparison(np.arange(40), energy)}, sides, 0.05).p_values["x"] == 1
