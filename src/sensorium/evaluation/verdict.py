"""What metrics/gate.json and metrics/headline.json hold: every rule in figures and words, and the few main figures."""

from dataclasses import replace
from typing import Any

from sensorium.evaluation.gates import TIMINGS, RuleResult
from sensorium.evaluation.lookup import UNJUDGED
from sensorium.files import rounded
from sensorium.targets import kind_of


def headline(figures: dict[str, Any], passed: bool) -> dict[str, Any]:
    """The few figures that a person compares runs by; keys of targets have a dot, so that none is like another's."""
    return {
        **{f"{target}.{(main := kind_of(found).main)}": found[main] for target, found in figures["evaluate"].items()},
        **{
            f"{target}.{UNJUDGED}": found[UNJUDGED]
            for target, found in figures["evaluate"].items()
            if UNJUDGED in found
        },
        "passed": passed,
        "megabytes": figures["compress"]["megabytes"],
        "rows": figures["validate"]["rows"],
        "quarantined": figures["validate"]["quarantined"],
    }


def entry(rule: RuleResult) -> dict[str, Any]:
    """A rule as it is kept; a wall-clock figure differs from run to run, so only the place where it stands is kept."""
    if rule.is_timing and rule.value is not None:
        return entry(replace(rule, value=None)) | {"slack": None, "measured_in": f"metrics/{TIMINGS}/"}
    needed = {"name": rule.name, "value": rule.value, "bound": rule.bound, "sense": rule.sense, "passed": rule.passed}
    more = {"slack": rule.slack, "at": rule.at, "margin": rule.margin, "low": rule.low, "reason": rule.reason}
    more = {name: found for name, found in more.items() if found is not None}
    return rounded({**needed, **more, "words": words(rule), "note": _note(rule)})


def words(rule: RuleResult) -> str:
    """A rule as a sentence."""
    if rule.reason is not None:
        return f"{rule.name} could not be judged: {rule.reason}"
    figure = rule.at or rule.name
    if rule.value is not None:
        figure += f" {rule.value:g}"
    if rule.low is not None:
        return (
            f"{figure} beside the champion's {rule.bound:g} gains {rule.low:+.4f} at the least, and may lose "
            f"{rule.margin:g}"
        )
    keeps, breaks = {">=": ("reaches", "is below"), "<=": ("is within", "is above")}[rule.sense]
    return f"{figure} {keeps if rule.passed else breaks} {rule.bound:g}"


def _note(rule: RuleResult) -> str:
    """What a table says beside a rule's figure and bound."""
    if rule.reason is not None:
        return rule.reason
    if rule.low is not None:
        return f"beside the champion: gains {rule.low:+.4f} at the least, may lose {rule.margin:g}"
    return f"the worst is {rule.at}" if rule.at else ""
