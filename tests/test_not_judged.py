"""A table whose test rows carry no verdict, through every stage: whatever shows a figure says so."""

import random
from typing import Any

import pytest

from sensorium.commands import leaderboard, summary
from sensorium.files import read_json
from sensorium.registry.experiments import Experiment
from sensorium.stages import compress, embed, evaluate, gate, ingest, prepare, report, search, train, validate
from tests.conftest import Project

pytestmark = pytest.mark.slow

WHY = "one group of 40 rows"
RULES = [
    {"metric": "evaluate.kind.accuracy", "min": 0.1},
    {"metric": "evaluate.kind.majority.macro_f1", "max": 1.0, "if_missing": "pass"},
    {"metric": "compress.accuracy.kind", "min": 0.1},
    {"metric": "robustness.kind.facts.lost columns.mild.accuracy", "min": 0.1},
    {"metric": "evaluate.kind.rows", "min": 40},
]


def fruit() -> list[dict[str, Any]]:
    """Three farms of forty fruits each."""
    chance = random.Random(0)
    kinds = [chance.choice(["cherry", "banana"]) for _ in range(120)]
    return [
        {"weight": chance.gauss(8 if kind == "cherry" else 12, 2), "kind": kind, "farm": f"farm {number % 3}"}
        for number, kind in enumerate(kinds)
    ]


def test_every_place_that_shows_a_figure_says_that_it_cannot_be_judged(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    project.params |= {
        "inputs": {"facts": {"kind": "tabular", "numbers": ["weight"]}},
        "targets": {"kind": {"kind": "class"}},
        "split": {"train": 0.34, "val": 0.33, "test": 0.33, "group": "farm"},
        "fusion": {"width": 16},
        "training": {"epochs": 3, "learning_rate": 0.01},
        "search": {"trials": 1},
        "evaluation": {"bootstrap": 100, "robustness_rows": 40},
        "compress": {"students": {}},
        "gate": RULES,
    }
    project.write(fruit(), {})
    for stage in (ingest, validate, prepare):
        stage.run()
    assert f"prepare: kind cannot be judged by its test rows ({WHY})" in capsys.readouterr().out
    embed.run("facts")
    for stage in (search, train, evaluate, compress, gate, report):
        stage.run()
    printed = capsys.readouterr().out
    assert f"[cannot be judged: {WHY}]" in printed
    assert f"compress: What is lost of kind cannot be judged: {WHY} in the test rows." in printed
    metrics = project.root / "metrics"
    verdict = read_json(metrics / "gate.json", "gate")
    assert [(rule["passed"], rule.get("reason"), rule["value"]) for rule in verdict["rules"]] == [
        (False, WHY, None), (True, WHY, None), (False, WHY, None), (False, WHY, None), (True, None, 40),
    ]  # fmt: skip
    assert read_json(metrics / "headline.json", "gate")["kind.unjudged"] == WHY
    page, card = ((project.root / "reports" / name).read_text() for name in ("index.html", "model-card.md"))
    sentence = f"kind cannot be judged: {WHY}; its figures say nothing of other rows."
    assert sentence in page
    assert sentence in card
    assert f"(cannot be judged: {WHY})" in card
    assert f"<span>cannot be judged: {WHY}</span>" in page
    summary.run()
    printed = capsys.readouterr().out
    assert f"but      {sentence}" in printed
    evaluated = read_json(metrics / "evaluate.json", "evaluate")
    assert leaderboard._scores(evaluated).endswith(f"cannot be judged: {WHY}]")
    assert Experiment(("one",), figures={"evaluate": evaluated}).score == -1
