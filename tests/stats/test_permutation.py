import numpy as np
import pytest

from sensorium.stats.permutation import Comparison, weigh
from sensorium.stats.statistics import of_classes, of_numbers


def sides(reference: int, current: int) -> np.ndarray:
    return np.repeat([False, True], [reference, current])


def test_p_values_are_those_of_all_ways_to_part_the_rows() -> None:
    numbers, names, every = np.arange(8.0), np.array(list("aaababbb")), np.arange(8)
    tests = {"numbers": Comparison(every, of_numbers(numbers)), "names": Comparison(every, of_classes(names))}
    found = weigh(tests, sides(4, 4), 0.05)
    assert found.p_values["numbers"] == pytest.approx(2 / 70, abs=0.008)
    assert found.p_values["names"] == pytest.approx(34 / 70, abs=0.02)  # Fisher's exact test
    assert found == weigh(tests, sides(4, 4), 0.05)


def test_p_values_are_never_0_and_1_where_nothing_varies() -> None:
    tests = {
        "apart": Comparison(np.arange(100), of_classes(np.repeat(["a", "b"], 50))),
        "constant": Comparison(np.arange(100), of_numbers(np.ones(100))),
    }
    assert weigh(tests, sides(50, 50), 0.05).p_values == {"apart": 1 / 5001, "constant": 1.0}


def test_the_bound_of_one_test_is_what_is_asked_for_and_what_cannot_differ_costs_nothing() -> None:
    values = np.random.default_rng(0).normal(size=200)
    one = {"x": Comparison(np.arange(200), of_numbers(values))}
    assert 0.045 < weigh(one, sides(100, 100), 0.05).bound <= 0.05
    constant = {str(number): Comparison(np.arange(200), of_numbers(np.zeros(200))) for number in range(20)}
    assert weigh(one | constant, sides(100, 100), 0.05).bound == weigh(one, sides(100, 100), 0.05).bound
    assert weigh(constant, sides(100, 100), 0.05).bound == 0.05
    assert weigh({}, sides(100, 100), 0.05).bound == 0.05


def test_the_bound_is_that_of_the_smallest_of_all_p_values() -> None:
    random = np.random.default_rng(0)
    every, first = np.arange(400), random.normal(size=400)
    strangers = {str(number): Comparison(every, of_numbers(random.normal(size=400))) for number in range(10)}
    assert weigh(strangers, sides(200, 200), 0.05).bound == pytest.approx(0.05 / 10, abs=0.002)
    same = {str(number): Comparison(every, of_numbers(first * (1 + number))) for number in range(10)}
    assert weigh(same, sides(200, 200), 0.05).bound == weigh({"0": same["0"]}, sides(200, 200), 0.05).bound


def test_values_that_are_missing_more_often_say_nothing_of_the_others() -> None:
    """A column is parted as it is, among the rows that have a value: 100 and 10."""
    found = []
    for seed in range(200):
        random = np.random.default_rng(seed)
        here = np.r_[:100, 100:110]
        test = Comparison(here, of_numbers(random.normal(size=110)))
        found.append(weigh({"x": test}, sides(100, 100), 0.2).p_values["x"] < 0.2)
    assert np.mean(found) == pytest.approx(0.2, abs=3 * 0.029)


def test_alarms_are_as_rare_as_asked_for_with_columns_that_hang_together() -> None:
    found = []
    for seed in range(300):
        random = np.random.default_rng(seed)
        base, every = random.normal(size=110), np.arange(110)
        names = random.choice(list("abcdef"), 110, p=[0.7, 0.2, 0.04, 0.03, 0.02, 0.01])
        columns = [base + noise * random.normal(size=110) for noise in (0, 0.2, 0.4)]
        tests = {str(at): Comparison(every, of_numbers(values)) for at, values in enumerate(columns)}
        tests |= {
            "counts": Comparison(every, of_numbers(random.poisson(2, 110))),
            "names": Comparison(every, of_classes(names)),
        }
        chances = weigh(tests, sides(60, 50), 0.1)
        found.append(min(chances.p_values.values()) < chances.bound)
    assert np.mean(found) == pytest.approx(0.1, abs=3 * 0.0173)
