from sensorium.evaluation.gates import Judged
from sensorium.stages.gate import _entry, in_words


def test_a_rule_in_words() -> None:
    def said(**found: object) -> str:
        rule = {"name": "evaluate.t.accuracy", "value": 0.9, "bound": 0.8, "sense": ">=", "passed": True}
        return in_words(rule | found)

    assert said() == "evaluate.t.accuracy 0.9 reaches 0.8"
    assert said(passed=False) == "evaluate.t.accuracy 0.9 is below 0.8"
    assert said(sense="<=") == "evaluate.t.accuracy 0.9 is within 0.8"
    assert said(sense="<=", passed=False, at="slices.t.city.Ulm") == "slices.t.city.Ulm 0.9 is above 0.8"
    assert said(value=None) == "evaluate.t.accuracy reaches 0.8"
    assert said(margin=0.02, low=-0.01) == (
        "evaluate.t.accuracy 0.9 beside the champion's 0.8 gains -0.0100 at the least, and may lose 0.02"
    )
    assert said(value=None, bound=None, reason="there is no champion yet") == (
        "evaluate.t.accuracy could not be judged: there is no champion yet"
    )


def test_a_wall_clock_figure_is_not_kept_in_the_verdict() -> None:
    timing = Judged("timings.compress.p95_ms", 12.3456789, 250.0, "<=", True)
    assert _entry(timing) == {
        "name": "timings.compress.p95_ms",
        "value": None,
        "bound": 250.0,
        "sense": "<=",
        "passed": True,
        "slack": None,
        "measured_in": "metrics/timings/",
    }
    assert _entry(timing, with_times=True)["value"] == 12.345679
    absent = Judged("timings.compress.p1_ms", None, None, "<=", False, reason="there is no 'p1_ms'")
    assert _entry(absent)["reason"] == "there is no 'p1_ms'"
