"""A model that predicts a class and a number: its log, labels, drift, check and trace."""

import json
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from sensorium.commands import monitor, trace
from sensorium.modalities import Tabular
from sensorium.monitoring.feedback.labels import read_feedback
from sensorium.monitoring.feedback.performance import measure
from sensorium.monitoring.feedback.selection import select
from sensorium.monitoring.log.window import read_window
from sensorium.targets import Class, LearntNumber, Number
from tests import model
from tests.browser import browsing
from tests.conftest import Project
from tests.monitoring.referenced import add_reference
from tests.monitoring.written import NOW, labelled, predicted, write
from tests.serving.conftest import listening, serving

PRICE: Any = Number().learn(pd.Series([8.0, 10.0, 11.0, 12.0, 30.0]), np.ones(5, bool))
TOLD = {"value": 10.0, "low": 5.0, "high": 20.0}


def priced(name: str, **more: Any) -> dict[str, Any]:
    """A line that has a price and no class."""
    return predicted(name, labels={}, probabilities={}, numbers={"price": TOLD}) | more


def priced_at(name: str, label: str, **more: Any) -> dict[str, Any]:
    return labelled(name, label, target="price", **more)


def test_a_row_of_the_window_has_what_the_reference_has(tmp_path: Path) -> None:
    write(tmp_path / "predictions.jsonl", [priced("a"), predicted("b", numbers={"price": TOLD})])
    rows = read_window(tmp_path, "m1", 24, NOW).rows
    assert rows[["price.value", "price.width"]].to_numpy().tolist() == [[10, 15], [10, 15]]
    assert rows["kind.predicted"].tolist()[1:] == ["cat"]
    ends = {name: cells.tolist() for name, cells in PRICE.logged(np.array([[10.000000001, 5.0, 20.0]])).items()}
    assert ends == {"value": [10.0], "width": [15.0]}  # as long as in the log: equal answers are equal


def test_numbers_are_judged_by_their_error(tmp_path: Path) -> None:
    write(tmp_path / "predictions.jsonl", [priced(name) for name in "abc"])
    write(tmp_path / "feedback.jsonl", [priced_at("a", "12"), priced_at("b", "8"), priced_at("c", "10")])
    reference = pd.DataFrame({"price.value": [1.0, 2.0, 3.0], "price.label": [2.0, 4.0, None]})
    labels = read_feedback(tmp_path, [], NOW).about("m1", NOW - timedelta(hours=1))
    found = measure(pd.DataFrame({"price.value": [5.0]}), reference, labels, {"price": PRICE})["price"]
    assert (found.kind, found.labelled, found.unknown, found.estimated) == (LearntNumber, 3, {}, None)
    assert found.figure == pytest.approx(4 / 3)
    assert found.interval == pytest.approx((0, 4.2018), abs=1e-3)  # Student's: 4.303 times 1.155 / sqrt(3)
    assert found.reference == pytest.approx(1.5)
    assert found.baseline == pytest.approx(5 / 3)  # of always saying 11
    nothing = measure(pd.DataFrame(), reference, [], {"price": PRICE})["price"]
    assert (nothing.labelled, nothing.figure, nothing.interval, nothing.baseline) == (0, None, None, None)


@pytest.mark.parametrize(("number", "floods"), [("19.5", False), ("99", True)])
def test_a_flood_is_of_numbers_outside_of_the_intervals(number: str, floods: bool, tmp_path: Path) -> None:
    names = [str(place) for place in range(30)]
    write(tmp_path / "predictions.jsonl", [priced(name) for name in names])
    write(tmp_path / "feedback.jsonl", [priced_at(name, number) for name in names])
    accepted = read_feedback(tmp_path, [], NOW).accepted
    assert len(accepted) == (0 if floods else 30)


def test_labels_of_another_kind_are_rejected_with_the_reason(tmp_path: Path) -> None:
    kept = {"inputs": ["text"], "content": {"text": "ab"}}
    write(tmp_path / "predictions.jsonl", [priced("a", key="", **kept), predicted("b", key="", **kept)])
    write(tmp_path / "feedback.jsonl", [priced_at("a", "dear", key=""), labelled("b", "cat", key="")])
    feedback = read_feedback(tmp_path, [], NOW)
    no_number = "cannot be so: {!r} is no number"
    told, declared = (
        "; a number such as 12.5 is expected",
        (": leave the cell empty where it is not known; if these are names of classes, write `kind: class`"),
    )
    assert [one.value for one in feedback.accepted] == ["cat"]
    earlier = pd.DataFrame(columns=["request_id", "sample", "key", "retrain"])
    now_numbers = select(feedback, tmp_path, earlier, [], {"price": Number(), "kind": Number()})
    assert Counter(now_numbers.rejected["reason"]) == {
        f"price {no_number.format('dear')}{told}": 1, f"kind {no_number.format('cat')}{declared}": 1
    }  # fmt: skip
    assert not now_numbers.new
    as_before = select(feedback, tmp_path, earlier, [], {"kind": Class()})
    assert as_before.rejected["reason"].tolist()[1:] == [
        "its inputs are not among the kept ones any more; see monitor.content_megabytes"
    ]


@pytest.fixture
def watched(project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A model of two columns that predicts a class and a price, with a reference of 60 rows."""
    project.params |= {
        "inputs": {"facts": {"kind": "tabular", "numbers": ["a", "b"]}},
        "targets": {"label": {}, "price": {"kind": "number"}},
    }
    project.write()
    torch.manual_seed(0)
    readers = model.read({"facts": Tabular(numbers=["a", "b"])}, {"facts": facts(1, 0)[0]})
    network = model.small_network(readers, {"label": ["no", "yes"], "price": PRICE.state})
    folder = model.write(readers, {"facts": facts(1, 0)[0]}, network, tmp_path / "watched/model")
    add_reference(folder, {"facts": facts(60, 0)}, {"facts": facts(90, 1)}, more={"price": [*range(59), None]})
    monkeypatch.setenv("SENSORIUM_MODEL", str(folder))
    monkeypatch.setenv("SENSORIUM_LOG", "log")
    return folder


def facts(count: int, seed: int, shift: float = 0.0) -> list[dict[str, float]]:
    random = np.random.default_rng(seed)
    return [{"a": float(a), "b": float(b)} for a, b in random.normal(shift, 1, (count, 2))]


def test_a_check_and_a_trace_of_both_kinds(watched: Path, capsys: pytest.CaptureFixture[str]) -> None:
    errors = []
    with serving(watched, Path("log")) as client:
        for number, sample in enumerate(facts(40, 2, shift=5.0)):
            answer = client.post("/predict", json={"facts": sample}, headers={"X-Request-ID": f"r{number}"}).json()
            price = answer["targets"]["price"]
            if number < 5:
                errors.append(abs(price["value"] - number))
                told = client.post("/feedback", json={"request_id": f"r{number}", "labels": {"price": number}})
                assert told.status_code == 202, told.text
        refused = client.post("/feedback", json={"request_id": "r0", "labels": {"price": "12 kg"}})
        assert refused.status_code == 400
        assert refused.json()["error"] == "price: '12 kg' is more than a number; a number such as 12.5 is expected"
    monitor.run()
    check = json.loads(Path("reports/monitoring/check.json").read_text())
    assert (check["verdict"], check["drifted"]) == ("drift", ["facts"])
    compared = {(test["about"], test["what"]) for test in check["tests"] if test["about"] != "facts"}
    assert compared == {
        ("label", "predictions"), ("label", "confidence"), ("price", "predictions"), ("price", "width")
    }  # fmt: skip
    found = check["performance"]["price"]
    assert list(found) == ["labelled", "figure", "mae", "low", "high", "reference", "estimated", "unknown", "baseline"]
    assert (found["labelled"], found["unknown"], found["baseline"]) == (5, {}, 9.0)  # 11 for 0, 1, 2, 3 and 4
    assert found["mae"] == pytest.approx(np.mean(errors), rel=1e-4)
    assert found["low"] < found["mae"] < found["high"]
    assert list(check["performance"]["label"]) == ["labelled", "figure", "accuracy", *list(found)[3:-1]]
    page = Path(check["page"]).read_text()
    assert f">MAE {found['mae']:.4g}<" in page
    assert ">MAE 9<" in page and "always the same answer" in page and "mean absolute error is better low" in page
    assert "By feedback, price is off by" in " ".join(check["notes"])
    capsys.readouterr()
    trace.run("r0")
    said = capsys.readouterr().out
    assert "price: 0, sent" in said
    assert " to " in next(line for line in said.splitlines() if "price: " in line)


@pytest.mark.slow
def test_the_page_shows_a_number_and_takes_the_true_one(watched: Path) -> None:
    with serving(watched, Path("log")) as client, listening(client) as address, browsing() as browser:
        page = browser.new_page()
        page.goto(f"{address}/ui/")
        page.get_by_label("a", exact=True).fill("1")
        page.get_by_role("button", name="Ask the model").click()
        price = page.locator("[data-target=price]")
        price.get_by_label("The true price").fill("12.50")
        assert price.locator("[data-attribution]").count() == 3  # nothing, the facts, and both together
        price.get_by_role("button", name="Tell").click()
        price.get_by_text("Thank you. Noted as 12.5.").wait_for()
        page.locator("summary").click()
        assert "a number, with an interval that holds 90.0% of the true ones" in page.inner_text("footer")
