from dataclasses import replace

from sensorium.compression.choice import Candidate, Chosen, Cost, choose, preferred
from sensorium.compression.quality import Quality
from sensorium.compression.settings import Compress

FAST = Cost([1.0], [1.0], 0.5, 0.5, 0.5, 1.0, 1)


def candidate(variant: str, size: int, low: float = 0.0, alike: float = 1.0, slowdown: float = 1.0) -> Candidate:
    cost = Cost([slowdown], [slowdown], slowdown, slowdown, slowdown, 1.0, 1)
    return Candidate("a", variant, size, alike, {"t": Quality("accuracy", 0.9, low / 2, low, 0.0)}, cost)


def names(*candidates: Candidate, **settings: object) -> list[str]:
    return [one.variant for one in preferred([candidate("fp32", 100), *candidates], Compress(**settings))]  # type: ignore[arg-type]


def test_the_smallest_that_is_proven_to_lose_too_little_comes_first() -> None:
    tried = [candidate("half", 50), candidate("tiny", 10, low=-0.02), candidate("quarter", 25, low=-0.01)]
    assert names(*tried) == ["quarter", "half"]
    assert names(*tried, max_drop=0.02) == ["tiny", "quarter", "half"]
    assert names(*tried, max_drop=0.0) == ["half"]


def test_of_two_as_small_the_one_more_alike_comes_first() -> None:
    tried = [candidate("small", 100, alike=0.9), candidate("alike", 104, alike=0.99), candidate("large", 106)]
    assert [one.variant for one in preferred([candidate("fp32", 400), *tried], Compress())] == [
        "alike",
        "small",
        "large",
    ]


def test_slow_ones_and_those_that_gain_nothing_are_left_out() -> None:
    assert names(candidate("slow", 50, slowdown=1.3), candidate("same", 98)) == []
    assert names(candidate("slow", 50, slowdown=1.3), max_slowdown=1.5) == ["slow"]


def test_a_network_that_is_slow_in_batches_is_left_out() -> None:
    slow = replace(candidate("slow", 50), cost=Cost([1.0], [9.0], 1.0, 9.0, 9.0, 1.0, 1))
    assert names(slow) == []


def test_of_no_target_nothing_is_proven() -> None:
    assert names(replace(candidate("unknown", 10), quality={})) == []


def test_the_objective_may_be_latency() -> None:
    tried = [candidate("small", 10, slowdown=0.9), candidate("quick", 90, slowdown=0.2)]
    assert names(*tried, objective="latency") == ["quick", "small"]


def test_the_part_that_saves_most_milliseconds_goes_first() -> None:
    asked: list[Chosen] = []
    several = {
        "quick": [candidate("fp32", 100), candidate("third", 50, slowdown=0.3)],
        "long": [
            replace(candidate("fp32", 100), cost=Cost([20.0], [20.0], 1.0, 1.0, 1.0, 1.0, 1)),
            candidate("half", 50, slowdown=0.5),
        ],
    }

    def fits(chosen: Chosen) -> bool:
        asked.append(chosen)
        return True

    assert choose(several, Compress(objective="latency"), fits) == {"quick": "third", "long": "half"}
    assert asked[0] == {"quick": "fp32", "long": "half"}


def test_parts_go_one_after_the_other_and_the_whole_must_keep_the_bounds() -> None:
    asked: list[Chosen] = []

    def fits(chosen: Chosen) -> bool:
        asked.append(chosen)
        return chosen["b"] != "tiny"

    several = {
        "a": [candidate("fp32", 100), candidate("half", 50)],
        "b": [candidate("fp32", 1000), candidate("tiny", 10), candidate("small", 100)],
        "c": [candidate("fp32", 10), candidate("worse", 5, low=-0.5)],
    }
    assert choose(several, Compress(), fits) == {"a": "half", "b": "small", "c": "fp32"}
    assert asked == [
        {"a": "fp32", "b": "tiny", "c": "fp32"},
        {"a": "fp32", "b": "small", "c": "fp32"},
        {"a": "half", "b": "small", "c": "fp32"},
    ]


def test_where_nothing_may_win_the_uncompressed_stands() -> None:
    assert choose({"a": [candidate("fp32", 100)]}, Compress(), lambda chosen: True) == {"a": "fp32"}
