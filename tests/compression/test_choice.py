from sensorium.compression.choice import Measured, choose

ACCURACY = {"": 0.90, "a": 0.905, "ab": 0.893, "abc": 0.88, "ac": 0.89, "b": 0.7}
SLOWDOWN = {"": 1.0, "a": 0.8, "ab": 0.7, "abc": 0.6, "ac": 2.0, "b": 1.0}


def measure(int8: frozenset[str]) -> Measured:
    key = "".join(sorted(int8))
    return Measured(int8, {"y": ACCURACY[key], "z": 0.5}, 100 - 10 * len(int8), [1.0, 3.0], SLOWDOWN[key])


def chosen(inputs: str, max_drop: float, max_slowdown: float = 1.25) -> list[str]:
    return [one.name for one in choose(list(inputs), measure, max_drop, max_slowdown)]


def test_inputs_go_to_int8_one_after_the_other() -> None:
    assert chosen("abc", max_drop=0.01) == ["fp32", "int8 a", "int8 a+b", "int8 a+b+c"]


def test_one_that_loses_too_much_is_left_out_of_the_next() -> None:
    assert chosen("ba", max_drop=0.01) == ["fp32", "int8 b", "int8 a"]


def test_figures() -> None:
    one = measure(frozenset("ab"))
    assert round(one.drop(measure(frozenset())), 3) == 0.007
    assert (one.percentile(50), one.megabytes) == (2.0, 0.0)
