"""A workspace whose `sensorium` command writes what the real one would, for the flows after training."""

import json
import sys
from pathlib import Path
from typing import Any

from tests.flows.conftest import Toy

COMMAND = """#!{python}
import json, pathlib, sys
command, *arguments = sys.argv[1:]
with open("calls.log", "a") as log:
    log.write(json.dumps([command, *arguments]) + "\\n")
told = json.loads(pathlib.Path(f"answers/{{command}}.json").read_text())
if "error" in told:
    print(f"error: {{told['error']}}")
    sys.exit(2)
monitoring = pathlib.Path("data/monitoring")
path = {{
    "monitor": pathlib.Path("reports/monitoring/check.json"),
    "collect": monitoring / "collect.json",
    "conclude": monitoring / "retrain.json",
}}[command]
path.parent.mkdir(parents=True, exist_ok=True)
if command == "conclude":
    verdict = pathlib.Path("metrics/gate.json")
    passed = verdict.exists() and json.loads(verdict.read_text())["passed"]
    outcome = arguments[0].removeprefix("--") if arguments else "promoted" if passed else "kept"
    why = arguments[1] if arguments else "the gate passed" if passed else "the gate did not pass"
    version = "v1.1.0" if outcome == "promoted" else None
    told |= {{"outcome": outcome, "why": why, "version": version, "passed": passed}}
    told = json.loads((monitoring / "collect.json").read_text()) | told
path.write_text(json.dumps(told))
print(f"{{command}}: done")
"""
GRAPH = """
stages:
  gate:
    cmd: sh gate.sh
    deps: [gate.sh]
    metrics: [metrics/gate.json]
  package:
    cmd: sh package.sh
    deps: [metrics/gate.json, package.sh]
"""
RULE = {
    "name": "evaluate.colour.accuracy",
    "value": 0.9,
    "bound": 0.88,
    "sense": ">=",
    "margin": 0.02,
    "low": -0.01,
    "words": "evaluate.colour.accuracy 0.9 is no worse than 0.88",
    "note": "beside the champion",
}
CHECK = {
    "id": "20261122T121314Z",
    "time": "2026-11-22T12:13:14Z",
    "model_version": "abc",
    "predictions": 1200,
    "verdict": "drift",
    "words": "speech drifted: clips are 40% shorter; image and text did not",
    "notes": ["7 requests had no picture."],
    "drifted": ["speech"],
    "tests": [
        {"about": "text", "what": "e", "p_value": 0.4, "bound": 0.01, "effect": 0.02, "drifted": False, "words": "no"},
        {
            "about": "speech",
            "what": "s",
            "p_value": 1e-9,
            "bound": 0.01,
            "effect": 0.9,
            "drifted": True,
            "words": "shorter",
        },
    ],
    "performance": {
        "colour": {
            "labelled": 90,
            "figure": "accuracy",
            "accuracy": 0.8,
            "low": 0.71,
            "high": 0.87,
            "reference": 0.9,
            "estimated": 0.81,
        },
        "price": {
            "labelled": 1,
            "figure": "mae",
            "mae": 8.64,
            "low": None,
            "high": None,
            "reference": 4.1,
            "estimated": None,
        },
        "shape": {
            "labelled": 0,
            "figure": "samples_f1",
            "samples_f1": None,
            "low": None,
            "high": None,
            "reference": 0.7,
            "estimated": None,
        },
    },
    "feedback": {"usable": 80, "new": 30, "rejected": 2},
    "retrain": "drift",
    "why": "speech drifted and no retrain ran today.",
    "page": "reports/monitoring/20261122T121314Z/index.html",
}
BEGUN = {
    "id": "20261122T121400Z",
    "time": "2026-11-22T12:14:00Z",
    "reason": "drift",
    "check": CHECK["id"],
    "begun": True,
    "why": "the last retrain was 8 days ago.",
    "approval": False,
    "approval_hours": 24.0,
    "rows": 7405,
    "new": 30,
}


def verdict(passed: bool) -> dict[str, Any]:
    return {"passed": passed, "rules": [RULE | {"passed": passed}]}


def close_the_loop(toy: Toy) -> Toy:
    """Gives the workspace the stand-in, answers by which a drift leads to a promotion, and a graph of two stages."""
    for folder in ("bin", "answers", "reports/monitoring/20261122T121314Z"):
        (toy.root / folder).mkdir(parents=True)
    (toy.root / str(CHECK["page"])).write_text("the page")
    command = toy.root / "bin/sensorium"
    command.write_text(COMMAND.format(python=sys.executable))
    command.chmod(0o755)
    (toy.root / "dvc.yaml").write_text(GRAPH)
    answer(toy, "monitor", **CHECK)
    answer(toy, "collect", **BEGUN)
    answer(toy, "conclude", ended="2026-11-22T12:20:00Z", commit="0a1b2c", data="3d4e5f")
    judge(toy, passed=True)
    refusal = "error: nothing is packaged, the gate did not pass"
    toy.write(package=f"""grep -q 'passed": true, "r' metrics/gate.json || {{ echo "{refusal}"; exit 2; }}""")
    return toy


def answer(toy: Toy, command: str, **told: Any) -> None:
    (toy.root / f"answers/{command}.json").write_text(json.dumps(told))


def judge(toy: Toy, passed: bool) -> None:
    toy.write(gate=f"echo '{json.dumps(verdict(passed))}' > metrics/gate.json")


def calls(toy: Toy) -> list[list[str]]:
    """What `sensorium` was called with."""
    return [json.loads(line) for line in Path(toy.root / "calls.log").read_text().splitlines()]
