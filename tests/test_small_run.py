"""A small run through every stage. Its test rows carry no verdict: whatever shows a figure says so. And its names are
hostile: no page runs what one says, or asks for anything.
"""

import io
import json
import random
import shutil
from collections.abc import Iterator
from contextlib import chdir, redirect_stdout
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt

from flows import artifacts, pages
from sensorium.commands import leaderboard, monitor, summary
from sensorium.errors import UserError
from sensorium.files import read_json
from sensorium.registry.experiments import Experiment
from sensorium.runtime import settings
from sensorium.stages import compress, embed, evaluate, gate, ingest, prepare, report, search, train, validate
from tests.browser import browsing
from tests.conftest import Project
from tests.hostile import faults, hostile
from tests.monitoring.referenced import add_reference
from tests.serving.conftest import listening, serving

pytestmark = pytest.mark.slow

WHY = "one group of 40 rows"
RULES = [
    {"metric": "evaluate.kind.accuracy", "min": 0.1},
    {"metric": "evaluate.kind.majority.macro_f1", "max": 1.0, "if_missing": "pass"},
    {"metric": "compress.accuracy.kind", "min": 0.1},
    {"metric": "robustness.kind.facts.lost columns.mild.accuracy", "min": 0.1},
    {"metric": "evaluate.kind.rows", "min": 40},
]
KEEP = settings.Keep(keep_content=True)
WEIGHT, KIND, FARM, PRICE, TRAITS = map(hostile, ("weight", "kind", "farm", "price", "traits"))
SWEET, RIPE = (hostile(tag)[:200] for tag in ("sweet", "ripe"))


def fruit() -> list[dict[str, Any]]:
    """Three farms of forty fruits each, and one whose weight is no number, another of a kind of its own."""
    chance = random.Random(0)
    kinds = [chance.choice(["cherry", "banana"]) for _ in range(120)]
    rows: list[dict[str, Any]] = [
        {
            "id": hostile(f"row{number}"),
            WEIGHT: chance.gauss(8 if kind == "cherry" else 12, 2),
            KIND: hostile(kind),
            FARM: hostile(f"farm {number % 3}"),
            PRICE: chance.gauss(3, 1),
            TRAITS: json.dumps(chance.choice([[SWEET], [RIPE], [SWEET, RIPE]])),
        }
        for number, kind in enumerate(kinds)
    ]
    odd = [{WEIGHT: hostile("heavy")}, {KIND: hostile("durian"), PRICE: None, TRAITS: None}]
    return rows + [rows[number] | {"id": hostile(f"odd{number}")} | one for number, one in enumerate(odd)]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """What the stages print; the folder that they ran in is the working directory."""
    project = Project(tmp_path_factory.mktemp("run"))
    project.params |= {
        "inputs": {"facts": {"kind": "tabular", "numbers": [WEIGHT]}},
        "targets": {
            "kind": {"kind": "class", "column": KIND},
            "price": {"kind": "number", "column": PRICE},
            "traits": {"kind": "multilabel", "column": TRAITS},
        },
        "split": {"train": 0.34, "val": 0.33, "test": 0.33, "group": FARM},
        "fusion": {"width": 16},
        "training": {"epochs": 3, "learning_rate": 0.01},
        "search": {"trials": 1},
        "evaluation": {"bootstrap": 100, "robustness_rows": 40},
        "compress": {"students": {}},
        "gate": RULES,
    }
    project.write(fruit(), {})
    with chdir(project.root), redirect_stdout(io.StringIO()) as printed:
        for stage in (ingest, validate, prepare):
            stage.run()
        embed.run("facts")
        for stage in (search, train, evaluate, compress, gate, report):
            stage.run()
        yield printed.getvalue()


def test_every_place_that_shows_a_figure_says_that_it_cannot_be_judged(run: str) -> None:
    assert f"prepare: kind cannot be judged by its test rows ({WHY})" in run
    assert f"[cannot be judged: {WHY}]" in run
    assert f"compress: What is lost of kind cannot be judged: {WHY} in the test rows." in run
    verdict = read_json(Path("metrics/gate.json"), "gate")
    assert [(rule["passed"], rule.get("reason"), rule["value"]) for rule in verdict["rules"]] == [
        (False, WHY, None), (True, WHY, None), (False, WHY, None), (False, WHY, None), (True, None, 40),
    ]  # fmt: skip
    assert read_json(Path("metrics/headline.json"), "gate")["kind.unjudged"] == WHY
    page, card = (Path("reports", name).read_text() for name in ("index.html", "model-card.md"))
    sentence = f"kind cannot be judged: {WHY}; its figures say nothing of other rows."
    assert sentence in page
    assert sentence in card
    assert f"(cannot be judged: {WHY})" in card
    assert f"<span>cannot be judged: {WHY}</span>" in page
    with redirect_stdout(io.StringIO()) as printed:
        summary.run()
    assert f"but      {sentence}" in printed.getvalue()
    evaluated = read_json(Path("metrics/evaluate.json"), "evaluate")
    assert leaderboard._scores(evaluated).endswith(f"cannot be judged: {WHY}]")
    assert Experiment(("one",), figures={"evaluate": evaluated}).score == -1


@pytest.mark.usefixtures("run")
def test_no_page_runs_what_a_name_says_or_asks_for_anything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    of_files(tmp_path / "files")
    model = shutil.copytree("models/compressed", tmp_path / "model")
    rows = [{WEIGHT: float(number)} for number in range(40)]
    more = {"price": [float(number) for number in range(40)], "traits": [json.dumps([SWEET])] * 40}
    add_reference(model, {"facts": rows}, {"facts": rows}, ("kind", hostile("cherry")), more=more)
    example = {"facts": {WEIGHT: 9.5}}
    settings.write(model, settings.Settings(title=hostile("t")[:80], keep=KEEP, examples=[example] * 2))
    monkeypatch.setenv("SENSORIUM_MODEL", str(model))
    monkeypatch.setenv("SENSORIUM_LOG", str(tmp_path / "log"))
    with serving(model, tmp_path / "log") as client, listening(client) as address, browsing() as browser:
        for number in range(40):
            about = {"request_id": f"r{number}", "labels": {"kind": hostile("comment")[:200]}}
            sample = {"facts": {WEIGHT: 50 + number}}
            assert client.post("/predict", json=sample, headers={"X-Request-ID": f"r{number}"}).status_code == 200
            assert client.post("/feedback", json=about).status_code == 202
        monitor.run()
        markdown(tmp_path / "markdown")
        made = [path.absolute() for folder in (Path("reports"), tmp_path) for path in folder.rglob("*.html")]
        shown = {path.name for path in made if "hacked=1" in path.read_text()}
        assert shown >= {"index.html", "rows-manifest.html", "card.html", "check.html", "retrain.html"}
        shown = {path.parent.name for path in made if "hacked=1" in path.read_text()}
        assert shown >= {"reports", "data", "evaluation", "monitoring"}
        assert "<" not in Path("reports/evaluation/confusion/kind.csv").read_text()  # which DVC writes into a script
        assert faults([*(path.as_uri() for path in made), f"{address}/ui/"], browser) == {}


def of_files(folder: Path) -> None:
    """Pages of a table that names pictures which cannot be read."""
    folder.mkdir()
    with chdir(folder):
        project = Project(folder)
        project.params["inputs"] = {"photo": {"kind": "image"}}
        name = hostile("photo").replace("/", "")[:200]
        rows = [{"photo": f"{name}{number}", "label": f"{number % 2}"} for number in range(9)]
        project.write(rows, {f"{name}1": b"no"})
        ingest.run()
        with pytest.raises(UserError, match="No row is left that has this input"):
            validate.run()


def markdown(folder: Path) -> None:
    """What is made as markdown, as a page of a renderer that takes HTML in it and any link for what it is."""
    renderer = MarkdownIt("commonmark", {"html": True}).enable("table")
    renderer.validateLink = lambda _: True  # type: ignore[method-assign]
    figures, check = artifacts.read_figures(Path()), read_json(Path("reports/monitoring/check.json"), "monitor")
    ended = {"outcome": "kept", "why": hostile("why")}
    begun = {"reason": "drift", "why": hostile("reason"), "rows": 1, "new": 1}
    made = {
        "card": Path("reports/model-card.md").read_text(),
        "summary": artifacts.summary(figures, figures),
        "check": pages.of_check(check),
        "retrain": pages.of_retrain(begun, ended, figures["gate"]),
        "question": pages.of_question(begun, figures["gate"], "file:///index.html"),
    }
    folder.mkdir()
    for name, text in made.items():
        (folder / f"{name}.html").write_text(renderer.render(text))
