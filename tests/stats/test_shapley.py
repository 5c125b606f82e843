from itertools import permutations

import numpy as np
import pytest

from sensorium.stats.shapley import shapley


def test_two_inputs_by_hand() -> None:
    nothing, a, b, both = 0.1, 0.5, 0.3, 0.9
    assert shapley(np.array([nothing, a, b, both])) == pytest.approx([(0.4 + 0.6) / 2, (0.2 + 0.4) / 2])


def test_one_input_has_it_all() -> None:
    assert shapley(np.array([0.2, 0.7])) == pytest.approx([0.5])


@pytest.mark.parametrize("inputs", [1, 3, 5])
def test_they_are_the_mean_gain_over_all_orders_and_sum_to_all_that_was_gained(inputs: int) -> None:
    worth = np.random.default_rng(inputs).random((2**inputs, 4))
    expected = np.zeros((inputs, 4))
    orders = list(permutations(range(inputs)))
    for order in orders:
        here = 0
        for number in order:
            expected[number] += (worth[here | 1 << number] - worth[here]) / len(orders)
            here |= 1 << number
    found = shapley(worth)
    np.testing.assert_allclose(found, expected)
    np.testing.assert_allclose(found.sum(0), worth[-1] - worth[0])


def test_an_input_that_changes_nothing_has_nothing() -> None:
    worth = np.array([0.1, 0.6, 0.1, 0.6])
    assert shapley(worth)[1] == 0
