"""A user's own small table through every stage but the last, whatever inputs it has."""

import random
import re
from typing import Any

import pandas as pd
import pytest
from huggingface_hub import ModelCard

from sensorium import params
from sensorium.commands import summary
from sensorium.evaluation.addresses import figures, why_not
from sensorium.files import read_json
from sensorium.runtime.predictor import Predictor
from sensorium.stages import compress, embed, evaluate, gate, ingest, package, prepare, report, search, train, validate
from tests.conftest import Project, png
from tests.evaluation.test_addresses import every_figure

pytestmark = [pytest.mark.slow, pytest.mark.minutes(2)]

INPUTS: dict[str, dict[str, Any]] = {
    "note": {"kind": "text", "max_tokens": 16},
    "photo": {"kind": "image"},
    "facts": {"kind": "tabular", "numbers": ["weight"], "categories": ["shape"]},
}


def fruit(count: int) -> tuple[list[dict[str, Any]], dict[str, bytes]]:
    """Rows of two fruits, each input missing in some, and one target unknown in some."""
    chance = random.Random(0)
    rows, files = [], {}
    for number in range(count):
        red = chance.random() < 0.5
        name = f"p/{number}.png"
        files[name] = png((220, 20 + number % 30, 20) if red else (240, 220, number % 30))
        cells = {
            "note": f"a red cherry number {number}" if red else f"a yellow banana number {number}",
            "photo": name,
            "weight": 8 + chance.random() if red else 120 + chance.random(),
            "shape": "round" if red else "long",
            "kind": "cherry" if red else "banana",
            "size": ("small" if red else "large") if chance.random() < 0.8 else None,
            "price": 2 + chance.random() if red else 1 + chance.random(),
            "words": "; ".join(["sweet" if red else "mild", *(["ripe"] if chance.random() < 0.5 else [])]),
        }
        for name in ("note", "photo", "shape"):
            if chance.random() < 0.3:
                cells[name] = None
        rows.append(cells)
    return rows, files


OTHERS = {"price": {"kind": "number"}, "words": {"kind": "multilabel"}}  # targets
FEW = {"train": 0.6, "val": 0.2, "test": 0.2, "stratify": "kind"}  # whose network is chosen by cross-validation
MANY = {"train": 0.45, "val": 0.45, "test": 0.1, "stratify": "kind"}


@pytest.mark.parametrize(
    ("names", "others", "rows", "split"),
    [
        (["facts"], OTHERS, 120, FEW),
        (["note", "facts"], {}, 240, MANY),
        (["note", "photo", "facts"], {}, 240, MANY),
    ],
)
def test_any_inputs_go_all_the_way(
    project: Project,
    capsys: pytest.CaptureFixture[str],
    names: list[str],
    others: dict[str, Any],
    rows: int,
    split: dict[str, Any],
) -> None:
    project.params |= {
        "inputs": {name: INPUTS[name] for name in names},
        "targets": {"kind": {"kind": "class"}, "size": {"kind": "class"}} | others,
        "split": split,
        "fusion": {"width": 16},
        "training": {"epochs": 15, "learning_rate": 0.01},
        "evaluation": {"bootstrap": 100, "robustness_rows": 10},
        "gate": [{"metric": "evaluate.kind.accuracy", "min": 0.9}, {"metric": "evaluate.kind.accuracy", "min": 1.01}],
    }
    project.write(*fruit(rows))
    for stage in (ingest, validate, prepare):
        stage.run()
    for name in names:
        embed.run(name)
    for stage in (search, train, evaluate, compress, gate, report):
        stage.run()
    evaluated = read_json(project.root / "metrics/evaluate.json", "evaluate")
    assert evaluated["kind"]["accuracy"] > 0.9
    assert evaluated["size"]["rows"] < evaluated["kind"]["rows"] == 24
    assert evaluated["kind"].get("without", {}).keys() == (set(names) if len(names) > 1 else set())
    assert [rule["passed"] for rule in read_json(project.root / "metrics/gate.json", "gate")["rules"]] == [True, False]
    with pytest.raises(Exception, match=r"nothing is packaged.*evaluate.kind.accuracy .* is below 1.01"):
        package.run()
    page = (project.root / "reports/index.html").read_text()
    declared = params.load()
    measured = figures(declared.inputs, declared.targets, damaged=True)
    assert [address for address in every_figure(project.root / "metrics") if why_not(address, measured)] == []
    assert "The gate did not pass" in page
    assert "is below 1.01" in page
    scores = r"kind [\d.]+%, price MAE [\d.]+, size [\d.]+%, 1 more" if others else r"kind [\d.]+%, size [\d.]+%"
    assert re.search(rf"<title>.+ · \d+ \w+ \d{{4}} · {scores}, gate not passed · Sensorium<", page)
    capsys.readouterr()
    summary.run()
    printed = capsys.readouterr().out
    assert "gate     did not pass" in printed
    equal = [line.removeprefix("but      ") for line in printed.splitlines() if line.startswith("but ")]
    assert equal[0].startswith("kind: ")
    assert " reaches 1.000, " in equal[0]  # fruits that a line divides need no network
    card = (project.root / "reports/model-card.md").read_text()
    if others:
        assert re.search(r"price +MAE [\d.]+ +.+ R2 [\d.]+ +MAE [\d.]+", printed)
        assert re.search(r"words +F1 [\d.]+ +[\d.]+ to [\d.]+ +macro F1 [\d.]+ +F1 [\d.]+", printed)
        assert re.search(r"\| MAE \| RMSE \| R2 .*\n.*\n\| price \| [\d.]+ \([\d.]+ to [\d.]+\) \|", card)
        assert re.search(r"\| samples F1 \| micro F1 .*\n.*\n\| words \| [\d.]+ \([\d.]+ to [\d.]+\) \|", card)
        told = {(one.task_name, one.metric_type): one.metric_value for one in ModelCard(card).data.eval_results or []}
        assert told["price from facts", "mae"] == evaluated["price"]["mae"]
        assert told["words from facts", "micro_f1"] == evaluated["words"]["micro_f1"]
    assert all(sentence in page and sentence in card for sentence in equal)
    compressed = read_json(project.root / "metrics/compress.json", "compress")
    assert (compressed["name"], compressed["proof"]["needed"]) == ("fp32", 381)  # 24 rows prove no point
    assert f"compression left {'quality' if others else 'accuracy'} unchanged." in card
    assert pd.read_parquet("predictions/test.parquet").columns[0] == "id"
    predictor = Predictor.load(project.root / "models/compressed")
    answer = predictor.predict([predictor.accept({"facts": {"weight": 8.2, "shape": "round"}})])[0]
    assert predictor.targets["kind"].classes[answer["kind"].argmax()] == "cherry"
