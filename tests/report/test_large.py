"""Pages stay small whatever the data: a thousand classes, five hundred slices, forty inputs, long labels."""

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from sensorium.evaluation.evidence import Evidence
from sensorium.evaluation.measure import Measured, measure
from sensorium.evaluation.names import subsets
from sensorium.evaluation.robustness import Corrupted, changes
from sensorium.evaluation.subsets import SubsetPredictions
from sensorium.modalities import Text
from sensorium.report import data
from sensorium.report.card import write_card
from sensorium.report.evaluation import write_report
from sensorium.report.page import MOST_BYTES, Page, read_page
from sensorium.report.run import Run, write_run
from sensorium.targets import LearntClass
from sensorium.training.data import Rows

CLASSES, ROWS, SLICES = 1000, 1500, 500
NAMES = [f"class {number} {'of a long name ' * (1300 if number == 7 else 1)}" for number in range(CLASSES)]
INPUTS = {f"input{number}": Text(kind="text") for number in range(40)}
MOST = 5_000_000


def rows(chance: np.random.Generator, count: int) -> Rows:
    features = {name: torch.from_numpy(chance.normal(size=(count, 1, 4)).astype(np.float32)) for name in INPUTS}
    labels = np.arange(count) % CLASSES
    return Rows(features, dict.fromkeys(INPUTS, torch.arange(count)), {"label": torch.from_numpy(labels)})


@pytest.fixture(scope="module")
def measured() -> Measured:
    """A model of a thousand classes that is right in six rows of ten, measured in earnest."""
    chance = np.random.default_rng(0)
    test = rows(chance, ROWS)
    labels = test.labels["label"].numpy()
    said = np.where(chance.random(ROWS) < 0.6, labels, (labels + chance.integers(1, 4, ROWS)) % CLASSES)
    logits = chance.normal(size=(ROWS, CLASSES)).astype(np.float32)
    logits[np.arange(ROWS), said] += 8
    kept_inputs = subsets(list(INPUTS))
    none, brief = np.zeros((len(kept_inputs), ROWS)), np.stack([said, np.zeros(ROWS)], axis=1).astype(np.float32)
    columns = {f"column{place}": chance.integers(0, 20, ROWS) for place in range(SLICES // 20)}
    evidence = Evidence(
        test, test, test, np.arange(ROWS) // 2, pd.DataFrame(columns), {"label": logits},
        {"label": np.ones(ROWS)},
        SubsetPredictions(kept_inputs, none == 0, {"label": np.stack([brief] * len(kept_inputs))}, {"label": none}),
        np.arange(100), {change: Corrupted(np.zeros(100, bool), {"label": brief[:100]}) for change in changes(INPUTS)},
    )  # fmt: skip
    return measure(evidence, "label", LearntClass(tuple(NAMES)), 100, 0.95)


@pytest.fixture(scope="module")
def reports(measured: Measured, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All pages of such a run."""
    folder = tmp_path_factory.mktemp("reports")
    found = {"label": measured.figures}
    write_report(found, {"label": measured}, {"label": []}, INPUTS, folder / "evaluation")
    counts = dict.fromkeys(NAMES, 8)
    validated = {"rows": 13_000, "valid": 8000, "quarantined": 5000, "classes": {"label": counts}}
    validated |= {"partly_quarantined": 0, "warnings": []}
    validated["inputs"] = {name: {"present": 8000, "unreadable": 0} for name in INPUTS}
    rejected = pd.DataFrame({"id": range(5000), "reason": [f"the cell {n} {'is odd ' * 300}" for n in range(5000)]})
    data.write_report(validated, rejected.assign(input=None, target=None), {}, folder / "data")
    empty = {name: Page(name.title(), "Nothing.") for name in ("search", "compression")}
    pages = {name: read_page(folder / name, "this test") for name in ("data", "evaluation")} | empty
    table = pd.DataFrame({"label": NAMES * 8, "split": (["train"] * 6 + ["val", "test"]) * CLASSES})
    run = Run(
        project="Many", made=date(2026, 11, 26), verdict={"passed": True, "champion": {"version": None}}, rules=[],
        validated=validated, evaluated=found,
        compressed={"name": "fp32", "megabytes": 1.0, "smaller": 1.0, "accuracy": {"label": 0.6}, "difference": {}},
        times={"p50_ms": 1.0, "p95_ms": 1.0, "faster": {"single": 1.0}}, inputs=INPUTS,
        rows=table.assign(group=range(len(table)), **dict.fromkeys(INPUTS, "a")),
        curve=pd.DataFrame({"epoch": [1], "train": [1.0], "validation": [1.0]}), lineage={"model": "a", "commit": "b"},
    )  # fmt: skip
    write_run(run, pages, folder)
    write_card(run, {"source": "manifest"}, [], folder / "model-card.md")
    return folder


def test_no_page_and_no_picture_grows_with_the_data(reports: Path) -> None:
    sizes = {str(path.relative_to(reports)): path.stat().st_size for path in reports.rglob("*") if path.is_file()}
    assert {"index.html", "evaluation/index.html", "evaluation/label.png", "data/index.html"} < set(sizes)
    assert {name: size for name, size in sizes.items() if size > MOST} == {}
    assert sizes["evaluation/label.png"] < 1_000_000
    assert sizes["model-card.md"] < 20_000


def test_what_is_left_out_is_said_and_where_it_can_be_read(reports: Path) -> None:
    html = (reports / "index.html").read_text()
    for said in (
        "Of 1,000 classes the 24 with most mistakes are drawn",
        "label: the commonest mistakes",
        "All answers are in predictions/test.parquet.",
        "800 more rows are in data/prepared/rows.parquet.",
        "5,000 reasons; these are the 50 commonest.",
        "metrics/validate.json has all.",
    ):
        assert said in html
    assert "of a long name " * 100 not in html


def test_a_part_that_is_too_large_is_left_out_with_a_word() -> None:
    page = Page("Large", "It is.")
    page.lines("Small", ["kept"])
    page.lines("Larger", ["word " * (MOST_BYTES // 5)])
    html = page.html()
    assert len(html) < MOST
    assert "kept" in html
    assert "4.8 MB are too much for this page; the files that it is drawn from have it." in html
