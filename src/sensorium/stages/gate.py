"""gate: the metrics, held against the rules in params.yaml and against the champion."""

from typing import Any

import pandas as pd

from sensorium import params, paths
from sensorium.evaluation.gates import OF_TARGETS, TIMINGS, Judged, judge
from sensorium.files import existing, read_json, rounded, write_json
from sensorium.registry.duel import Duel

FILE = paths.METRICS / "gate.json"
MADE_BY = dict.fromkeys(OF_TARGETS, "evaluate") | {"validate": "validate", "compress": "compress"}


def run() -> None:
    """Writes metrics/gate.json; a failed rule is a result, not an error."""
    settings = params.load()
    figures: dict[str, Any] = {
        name: read_json(paths.METRICS / f"{name}.json", stage) for name, stage in MADE_BY.items()
    }
    figures[TIMINGS] = {"compress": read_json(paths.METRICS / TIMINGS / "compress.json", "compress")}
    predictions = pd.read_parquet(existing(paths.PREDICTIONS / "compressed.parquet", made_by="compress"))
    duel = Duel(predictions, settings.inputs, settings.evaluation.bootstrap)
    judged = judge(settings.gate, figures, duel.compare)
    verdict = {
        "passed": all(rule.passed for rule in judged),
        "champion": {"version": duel.version, **rounded(duel.overview(settings.evaluation.confidence))},
    }
    write_json(FILE, verdict | {"rules": [_entry(rule) for rule in judged]})
    for rule in judged:
        print(f"gate: {'pass' if rule.passed else 'FAIL'} {in_words(_entry(rule, with_times=True))}")


def _entry(rule: Judged, with_times: bool = False) -> dict[str, Any]:
    """A rule as it is kept; a wall-clock figure differs from run to run, so only the place where it stands is kept."""
    entry = {"name": rule.name, "value": rule.value, "bound": rule.bound, "sense": rule.sense, "passed": rule.passed}
    more = {"slack": rule.slack, "at": rule.at, "margin": rule.margin, "low": rule.low, "reason": rule.reason}
    entry |= {name: found for name, found in more.items() if found is not None}
    entry = rounded(entry)
    if rule.is_timing and rule.value is not None and not with_times:
        return {**entry, "value": None, "slack": None, "measured_in": f"metrics/{TIMINGS}/"}
    return entry


def in_words(rule: dict[str, Any]) -> str:
    """A rule of metrics/gate.json as a sentence."""
    if "reason" in rule:
        return f"{rule['name']} could not be judged: {rule['reason']}"
    value = "" if rule["value"] is None else f" {rule['value']:g}"
    if "margin" in rule:
        return (
            f"{rule['name']}{value} beside the champion's {rule['bound']:g} gains {rule['low']:+.4f} at the least, and "
            f"may lose {rule['margin']:g}"
        )
    keeps, breaks = {">=": ("reaches", "is below"), "<=": ("is within", "is above")}[rule["sense"]]
    return f"{rule.get('at', rule['name'])}{value} {keeps if rule['passed'] else breaks} {rule['bound']:g}"
