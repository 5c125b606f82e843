import numpy as np
import pytest
from scipy.stats import chi2_contingency, ks_2samp

from sensorium.stats.statistics import of_classes, of_numbers

SIDES = np.repeat([False, True], [40, 60])
WAYS = np.column_stack([SIDES, np.random.default_rng(0).permutation(SIDES)]).astype(np.float32)


@pytest.mark.parametrize("seed", [0, 1])
def test_numbers_lie_as_far_apart_as_kolmogorov_and_smirnov_say(seed: int) -> None:
    values = np.random.default_rng(seed).poisson(3, 100)  # many are equal
    expected = [ks_2samp(values[way == 0], values[way == 1]).statistic for way in WAYS.T]
    sizes = [(way == 0).sum() * (way == 1).sum() for way in WAYS.T]
    found = of_numbers(values)(WAYS)
    assert found.tolist() == [round(far * size) for far, size in zip(expected, sizes, strict=True)]


def test_classes_lie_as_far_apart_as_chi_squared_says_but_for_a_factor() -> None:
    names = np.array(list("aaabbc" * 20)[:100])
    tables = [[[((names == name) & (way == side)).sum() for name in "abc"] for side in (0, 1)] for way in WAYS.T]
    expected = [chi2_contingency(table, correction=False).statistic for table in tables]
    found = of_classes(names)(WAYS)
    assert found[0] / found[1] == pytest.approx(expected[0] / expected[1])


def test_what_does_not_vary_is_nowhere_apart() -> None:
    assert of_numbers(np.full(100, 0.1))(WAYS).tolist() == [0, 0]
    assert of_classes(np.full(100, "a"))(WAYS).tolist() == [0, 0]


def test_equal_tables_lie_equally_far_apart_in_spite_of_rounding() -> None:
    names = np.array(list("abcdefg" * 3))
    ways = np.zeros((21, 3), np.float32)
    for way, classes in enumerate([(0, 1, 2), (4, 3, 1), (6, 0, 5)]):
        ways[list(classes), way] = 1
    assert len(set(of_classes(names)(ways))) == 1
