from typing import Any

from sensorium.evaluation.gates import RuleResult
from sensorium.evaluation.verdict import entry, headline


def shown(**found: Any) -> tuple[str, str]:
    """The words and the note of a rule."""
    rule: dict[str, Any] = {"name": "evaluate.t.accuracy", "value": 0.9, "bound": 0.8, "sense": ">=", "passed": True}
    kept = entry(RuleResult(**rule | found))
    return kept["words"], kept["note"]


def test_a_rule_in_words() -> None:
    assert shown() == ("evaluate.t.accuracy 0.9 reaches 0.8", "")
    assert shown(passed=False) == ("evaluate.t.accuracy 0.9 is below 0.8", "")
    assert shown(sense="<=") == ("evaluate.t.accuracy 0.9 is within 0.8", "")
    assert shown(sense="<=", passed=False, at="slices.t.city.Ulm") == (
        "slices.t.city.Ulm 0.9 is above 0.8",
        "the worst is slices.t.city.Ulm",
    )
    assert shown(margin=0.02, low=-0.01) == (
        "evaluate.t.accuracy 0.9 beside the champion's 0.8 gains -0.0100 at the least, and may lose 0.02",
        "beside the champion: gains -0.0100 at the least, may lose 0.02",
    )
    assert shown(value=None, bound=None, reason="there is no champion yet") == (
        "evaluate.t.accuracy could not be judged: there is no champion yet",
        "there is no champion yet",
    )


def test_a_wall_clock_figure_is_not_kept_in_the_verdict() -> None:
    assert entry(RuleResult("timings.compress.p95_ms", 12.3456789, 250.0, "<=", True)) == {
        "name": "timings.compress.p95_ms",
        "value": None,
        "bound": 250.0,
        "sense": "<=",
        "passed": True,
        "words": "timings.compress.p95_ms is within 250",
        "note": "",
        "slack": None,
        "measured_in": "metrics/timings/",
    }
    absent = RuleResult("timings.compress.p1_ms", None, None, "<=", False, reason="there is no 'p1_ms'")
    assert entry(absent)["reason"] == "there is no 'p1_ms'"


def test_the_headline_is_a_handful_of_figures_that_repeat() -> None:
    figures = {
        "validate": {"rows": 90, "quarantined": 2, "reasons": {"no label": 2}},
        "evaluate": {"rows": {"accuracy": 0.9, "macro_f1": 0.8}, "colour": {"accuracy": 0.7, "macro_f1": 0.6}},
        "compress": {"megabytes": 12.3, "parity": {"rows": 0.001}},
        "timings": {"compress": {"p50_ms": 5.0}},
    }
    assert headline(figures, passed=False) == {
        "rows.accuracy": 0.9,  # a target's name may be that of another figure
        "colour.accuracy": 0.7,
        "passed": False,
        "megabytes": 12.3,
        "rows": 90,
        "quarantined": 2,
    }
