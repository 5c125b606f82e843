"""gate: the metrics, held against the rules in params.yaml and against the champion."""

from dataclasses import replace
from typing import Any

import pandas as pd

from sensorium import params, paths
from sensorium.evaluation.gates import BRANCHES, OF_TARGETS, TIMINGS, RuleResult, check_rules
from sensorium.evaluation.lookup import UNJUDGED
from sensorium.files import existing, read_json, rounded, write_json
from sensorium.registry.champion_comparison import ChampionComparison
from sensorium.runtime import artefact
from sensorium.targets import kind_of, learnt

MADE_BY = dict.fromkeys(OF_TARGETS, "evaluate") | {"validate": "validate", "compress": "compress"}


def run() -> None:
    """Writes metrics/gate.json and metrics/headline.json; a failed rule is a result, not an error."""
    settings = params.load()
    figures: dict[str, Any] = {
        name: read_json(paths.METRICS / f"{name}.json", stage) for name, stage in MADE_BY.items()
    }
    unjudged = {target: tree[UNJUDGED] for target, tree in figures["evaluate"].items() if UNJUDGED in tree}
    for branch in BRANCHES:
        figures[branch] = figures[branch] | {UNJUDGED: unjudged}
    figures[TIMINGS] = {"compress": read_json(paths.METRICS / TIMINGS / "compress.json", "compress")}
    predictions = pd.read_parquet(existing(paths.PREDICTIONS / "compressed.parquet", made_by="compress"))
    manifest = artefact.read(existing(paths.COMPRESSED, made_by="compress"))
    targets = {name: learnt(state) for name, state in manifest["targets"].items()}
    draws = settings.evaluation.bootstrap
    comparison = ChampionComparison(manifest["version"], targets, predictions, settings.inputs, draws)
    results = check_rules(settings.gate, figures, comparison.compare)
    passed = all(rule.passed for rule in results)
    verdict = {
        "passed": passed,
        "champion": {
            "version": comparison.version,
            "model_version": comparison.champion_model_version,
            **rounded(comparison.overview(settings.evaluation.confidence)),
        },
    }
    write_json(paths.VERDICT, verdict | {"rules": [_entry(rule) for rule in results]})
    write_json(paths.HEADLINE, _headline(figures, passed))
    for rule in results:
        print(f"gate: {'pass' if rule.passed else 'FAIL'} {_words(rule)}")


def _headline(figures: dict[str, Any], passed: bool) -> dict[str, Any]:
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


def _entry(rule: RuleResult) -> dict[str, Any]:
    """A rule as it is kept; a wall-clock figure differs from run to run, so only the place where it stands is kept."""
    if rule.is_timing and rule.value is not None:
        return _entry(replace(rule, value=None)) | {"slack": None, "measured_in": f"metrics/{TIMINGS}/"}
    needed = {"name": rule.name, "value": rule.value, "bound": rule.bound, "sense": rule.sense, "passed": rule.passed}
    more = {"slack": rule.slack, "at": rule.at, "margin": rule.margin, "low": rule.low, "reason": rule.reason}
    more = {name: found for name, found in more.items() if found is not None}
    return rounded({**needed, **more, "words": _words(rule), "note": _note(rule)})


def _words(rule: RuleResult) -> str:
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
