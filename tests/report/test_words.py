from typing import Any

from sensorium.report.words import (
    bounds,
    changes,
    compression,
    findings,
    megabytes,
    origin,
    times_faster,
    times_smaller,
)  # fmt: skip

WORSE, EQUAL, BETTER = [0.02, 0.2], [-0.05, 0.03], [-0.06, -0.01]  # what the network gains


def one(accuracy: float, interval: list[float] | None) -> dict[str, Any]:
    return {"accuracy": accuracy, "gain": 0.883 - accuracy, "interval": interval}


def said(majority: Any, regression: Any, **only: Any) -> list[str]:
    beside = {"majority": majority, "logistic_regression": regression, "only": only}
    return findings({"kind": {"accuracy": 0.883, "rows": 1077, "simpler": beside}})


def test_where_the_network_is_better_for_certain_nothing_is_said() -> None:
    assert said(one(0.3, WORSE), one(0.8, WORSE), text=one(0.7, WORSE)) == []


def test_a_simpler_method_that_is_better_for_certain_is_named() -> None:
    assert said(one(0.3, WORSE), one(0.922, BETTER), text=one(0.88, EQUAL)) == [
        "kind: logistic regression on the same features reaches 0.922, the network 0.883; the difference is more than "
        "chance. Use the simpler model, or more rows."
    ]


def test_what_cannot_be_told_apart_is_named_the_best_of_the_single_inputs_too() -> None:
    assert said(one(0.85, EQUAL), one(0.922, EQUAL), text=one(0.86, EQUAL), photo=one(0.87, EQUAL)) == [
        "kind: logistic regression on the same features reaches 0.922, photo alone 0.870, always saying the commonest "
        "class 0.850, the network 0.883; 1,077 test rows cannot tell them apart; only more rows could."
    ]


def test_a_model_of_one_input_has_no_single_ones() -> None:
    beside = {"majority": one(0.5, WORSE), "logistic_regression": one(0.883, [-0.1, 0.1])}
    assert len(findings({"kind": {"accuracy": 0.883, "rows": 24, "simpler": beside}})) == 1


def test_of_figures_without_simpler_methods_nothing_is_said() -> None:
    assert findings({"kind": {"accuracy": 0.883, "rows": 24}}) == []  # as they were in an older version


def test_an_input_that_adds_nothing_or_does_harm_is_named() -> None:
    beside = {"majority": one(0.3, WORSE), "logistic_regression": one(0.8, WORSE)}
    tree = {"accuracy": 0.883, "rows": 1077, "simpler": beside}
    beside["without"] = {"text": one(0.7, WORSE), "photo": one(0.88, EQUAL)}
    assert findings({"kind": tree}) == [
        "kind: photo adds nothing that 1,077 test rows could show (without: 0.880); with all inputs 0.883."
    ]
    beside["without"] = {"text": one(0.881, EQUAL), "photo": one(0.88, EQUAL), "facts": one(0.95, BETTER)}
    assert findings({"kind": tree}) == [
        "kind: text and photo each add nothing that 1,077 test rows could show (without: 0.881, 0.880); facts does "
        "harm, by more than chance (without: 0.950); with all inputs 0.883."
    ]


def test_what_cannot_be_judged_is_said_instead_of_figures() -> None:
    without = one(0.88, None)
    beside = {"majority": without, "logistic_regression": without, "only": {"a": without}, "without": {"a": without}}
    tree = {"accuracy": 0.726, "rows": 45, "unjudged": "one group of 45 rows", "intervals": {"accuracy": None}}
    assert findings({"kind": tree | {"simpler": beside}}) == [
        "kind cannot be judged: one group of 45 rows; its figures say nothing of other rows."
    ]
    assert bounds(tree) == "cannot be judged: one group of 45 rows"
    assert bounds({"intervals": {"accuracy": [0.8123, 0.9]}}) == "0.812 to 0.900"


def test_what_compression_changed_is_what_was_measured() -> None:
    same = {"value": 0.0, "interval": [0.0, 0.0]}
    assert changes({"kind": same, "size": same}) == "unchanged"
    more = {"value": 0.01, "interval": [0.002, 0.021]}
    classes: dict[str, Any] = {"accuracy": {"kind": 0.5}}
    assert compression(classes | {"difference": {"kind": same}}) == "compression left accuracy unchanged"
    assert compression(classes | {"difference": {"kind": more}}) == (
        "compression changed accuracy: kind +1.0 points [+0.2, +2.1]"
    )
    assert compression(classes | {"mae": {"price": 2.5}, "difference": {"kind": same, "price": more}}) == (
        "compression changed quality: kind unchanged, price +1.0 points [+0.2, +2.1]"
    )
    assert changes({"kind": {"value": -0.004, "interval": [-0.0101, 0.002]}, "size": same}) == (
        "kind -0.4 points [-1.0, +0.2], size unchanged"
    )
    assert changes({"kind": {"value": 0.0, "interval": [-0.004, 0.004]}}) == "kind +0.0 points [-0.4, +0.4]"
    assert compression(classes | {"difference": {"kind": {"value": 0.1, "interval": [-1.0, 1.0]}}}) == (
        "compression changed accuracy: kind cannot be judged"
    )


def test_larger_is_not_called_smaller() -> None:
    assert [times_smaller(4.4), times_smaller(0.5)] == ["4.4 times smaller", "2.0 times larger"]
    assert [times_faster(10.24), times_faster(0.5)] == ["10.2 times faster", "2.0 times slower"]
    assert [times_smaller(1.004), times_faster(0.96)] == ["no smaller", "no faster"]


def test_a_size_that_would_be_nothing_in_megabytes_is_said_in_kilobytes() -> None:
    assert [megabytes(size) for size in (104_600_000, 100_000, 20_140, 940)] == ["104.6 MB", "0.1 MB", "20 kB", "1 kB"]


def test_which_of_two_networks_answers_is_said() -> None:
    assert origin("kind", {"members": {"concat": 0.5, "kernel": 0.3, "linear": 0.2}}) == [
        "kind is answered by the mean of 50% concat, 30% kernel and 20% linear."
    ]
    assert origin("kind", {"members": {"concat": 0.0, "linear": 1.0}}) == ["kind is answered by linear alone."]
    assert origin("kind", {}) == []  # an earlier version's figures
