import time

from sensorium.compression.latency import interleaved, percentile, ratio


def test_calls_take_turns() -> None:
    said: list[str] = []
    calls = {name: lambda given, name=name: said.append(f"{name}{given}") for name in "ab"}
    taken = interleaved(calls, [1, 2, 3], rounds=3)
    assert said == ["a1", "a1", "b1", "b1", "a2", "a2", "b2", "b2", "a3", "a3", "b3", "b3"]
    assert {name: len(times) for name, times in taken.items()} == {"a": 3, "b": 3}
    said.clear()
    assert interleaved(calls, [1], rounds=2, warm=False).keys() == {"a", "b"}
    assert said == ["a1", "b1", "a1", "b1"]


def test_figures() -> None:
    assert ratio([2.0, 4.0, 6.0], [1.0, 2.0, 9.0]) == 2
    assert percentile([1.0, 2.0, 3.0, 4.005], 50) == 2.5


def test_slow_calls_are_timed_less_often() -> None:
    taken = interleaved({"slow": lambda _: time.sleep(0.02)}, [1], rounds=30, seconds=0.1)
    assert 3 <= len(taken["slow"]) < 6
