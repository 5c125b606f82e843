"""A model that predicts tags: its log, what people send, and how well it does by that."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch

from sensorium.modalities import Tabular
from sensorium.monitoring.drift.cells import read_sides
from sensorium.monitoring.drift.effects import of_categories
from sensorium.monitoring.drift.words import answer
from sensorium.monitoring.feedback.labels import read_feedback
from sensorium.monitoring.feedback.performance import measure
from sensorium.monitoring.feedback.selection import select
from sensorium.monitoring.log.window import read_window
from sensorium.stats.statistics import Kind
from sensorium.targets import LearntMultilabel, Multilabel
from tests import model
from tests.browser import browsing
from tests.monitoring.written import NOW, labelled, predicted, write
from tests.serving.conftest import listening, serving

FACTS = {"a": 1.0, "b": 0.0}
TAGS = LearntMultilabel(("cat", "dog"), (0.5, 0.25), (0.5, 0.2))


def tagged(name: str, tags: list[str]) -> dict[str, Any]:
    """A line that has tags and no class."""
    return predicted(
        name, labels={}, probabilities={}, tags={"things": tags}, tag_probabilities={"things": {"cat": 0.9, "dog": 0.1}}
    )


def sent(name: str, tags: Any, **more: Any) -> dict[str, Any]:
    return labelled(name, tags, target="things", **more)


def test_a_row_of_the_window_has_what_drift_is_told_by(tmp_path: Path) -> None:
    write(tmp_path / "predictions.jsonl", [tagged("a", ["cat"]), tagged("b", [])])
    rows = read_window(tmp_path, "m1", 24, NOW).rows
    assert rows["things.predicted"].tolist() == ['["cat"]', "[]"]
    assert rows[["things.tags", "things.likeliest"]].to_numpy().tolist() == [[1, 0.9], [0, 0.9]]


def test_lists_of_tags_are_feedback(tmp_path: Path) -> None:
    write(tmp_path / "predictions.jsonl", [tagged("a", ["cat"]), tagged("b", ["cat"]), tagged("c", [])])
    write(tmp_path / "feedback.jsonl", [sent("a", ["cat", "cow"]), sent("b", ["cat"]), sent("c", [])])
    feedback = read_feedback(tmp_path, [], NOW)
    assert [one.value for one in feedback.accepted] == ['["cat", "cow"]', '["cat"]', "[]"]
    reference = pd.DataFrame({"things.predicted": ['["cat"]', "[]"], "things.label": ['["cat", "dog"]', None]})
    labels = feedback.about("m1", NOW - timedelta(hours=1))
    found = measure(pd.DataFrame(), reference, labels, {"things": TAGS})["things"]
    assert (found.labelled, found.unknown, found.reference) == (3, {"cow": 1 / 3}, pytest.approx(2 / 3))
    assert found.figure == pytest.approx((2 / 3 + 1 + 1) / 3)
    assert answer([], ["text"], {"things": found})[1] == (
        "By feedback, things has a mean F1 of 0.889 in 3 answers (interval 0.349 to 0.992; on the reference 0.667), "
        "and 33% have 'cow', which the model has no tag for."
    )
    earlier = pd.DataFrame(columns=["request_id", "sample", "key", "retrain"])
    rejected = select(feedback, tmp_path, earlier, ["shop"], {"things": Multilabel()}).rejected
    assert set(rejected["reason"]) == {"its inputs were not kept; set monitor.keep_content in params.yaml"}


def test_labels_of_several_tags_that_the_model_does_not_know_count_once(tmp_path: Path) -> None:
    write(tmp_path / "predictions.jsonl", [tagged("a", ["cat"]), tagged("b", ["cat"])])
    write(tmp_path / "feedback.jsonl", [sent("a", ["cow", "emu", "yak", "eel"]), sent("b", ["cow"])])
    labels = read_feedback(tmp_path, [], NOW).about("m1", NOW - timedelta(hours=1))
    found = measure(pd.DataFrame(), pd.DataFrame(), labels, {"things": TAGS})
    assert answer([], ["text"], found)[1].endswith(
        "and 100% have 'cow', 'eel', 'emu' and 1 other, which the model has no tag for."
    )


def test_tags_that_are_answered_more_often_are_told_as_a_person_reads_them() -> None:
    first, second = pd.Series(['["cat"]', '["emu"]'] * 2), pd.Series([json.dumps(["cat", "dog" * 30])] * 4)
    before, now = read_sides(first, second, Kind.CATEGORY, TAGS.worded)
    assert of_categories("the answer", before, now).words == f"the answer is cat, {'dog' * 18}d in 100% (was 0%)"
    assert TAGS.worded("[]") == "no tags"


def test_what_is_no_list_of_tags_is_rejected_with_the_reason(tmp_path: Path) -> None:
    write(tmp_path / "predictions.jsonl", [tagged("a", ["cat"])])
    write(tmp_path / "feedback.jsonl", [sent("a", "cat")])
    (one,) = read_feedback(tmp_path, [], NOW).labels
    assert one.reason == 'things cannot be so: a list of tags is expected, such as ["red", "small"]'


@pytest.fixture
def served(tmp_path: Path) -> Path:
    """A model of two columns that predicts some of thirteen tags."""
    torch.manual_seed(1)
    readers = model.read({"facts": Tabular(numbers=["a", "b"])}, {"facts": FACTS})
    tags = ("cat", "dog", "🎉", "w" * 60, *(f"tag {number}" for number in range(9)))
    state = LearntMultilabel(tags, (0.3,) * 13, (0.5,) * 13).state
    return model.write(readers, {"facts": FACTS}, model.small_network(readers, {"things": state}), tmp_path / "model")


@pytest.mark.slow
def test_the_page_shows_tags_and_takes_those_that_are_ticked(served: Path, tmp_path: Path) -> None:
    with serving(served, tmp_path / "log") as client, listening(client) as address, browsing() as browser:
        page = browser.new_page(viewport={"width": 390, "height": 800})
        page.goto(f"{address}/ui/")
        page.get_by_label("a", exact=True).fill("1")
        page.get_by_role("button", name="Ask the model").click()
        things = page.locator("[data-target=things]")
        things.get_by_role("button", name="Wrong").click()
        for box in things.get_by_role("checkbox").all():
            box.set_checked(False)
        things.get_by_label("🎉").check()
        things.get_by_label("Others, with a comma between them").fill("cow, owl")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        things.get_by_role("button", name="Tell").click()
        things.get_by_text("Thank you. Noted as cow, owl, 🎉. The model does not know cow, owl yet.").wait_for()
        assert things.locator("[data-attribution]").count() == 3  # nothing, the facts, and both together
        page.locator("summary").click()
        assert "any of 13 tags" in page.inner_text("footer")
