"""gate: the metrics, held against the rules in params.yaml."""

from typing import Any

from sensorium import params, paths
from sensorium.evaluation.gates import TIMINGS, Judged, judge
from sensorium.files import read_json, write_json

FILE = paths.METRICS / "gate.json"
MEASURING = ("validate", "evaluate", "compress")  # stages, each with a file of its name in metrics/


def run() -> None:
    """Writes metrics/gate.json; a failed rule is a result, not an error."""
    settings = params.load()
    figures: dict[str, Any] = {stage: read_json(paths.METRICS / f"{stage}.json", made_by=stage) for stage in MEASURING}
    figures[TIMINGS] = {"compress": read_json(paths.METRICS / TIMINGS / "compress.json", "compress")}
    judged = judge(settings.gate, figures)
    write_json(FILE, {"passed": all(rule.passed for rule in judged), "rules": [_entry(rule) for rule in judged]})
    for rule in judged:
        print(f"gate: {'pass' if rule.passed else 'FAIL'} {rule.name} {rule.value:g} {rule.sense} {rule.bound:g}")


def _entry(rule: Judged) -> dict[str, Any]:
    """A rule as it is kept; a wall-clock figure differs from run to run, so only the place where it stands is kept."""
    entry = {"name": rule.name, "value": rule.value, "bound": rule.bound, "sense": rule.sense, "passed": rule.passed}
    return entry | {"value": None, "measured_in": f"metrics/{TIMINGS}/"} if rule.is_timing else entry
