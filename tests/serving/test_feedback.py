import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import REGISTRY
from starlette.testclient import TestClient

from sensorium.modalities import Tabular
from sensorium.runtime import settings
from sensorium.runtime.settings import Keep, why_not_learnt_from
from sensorium.serving import recording
from sensorium.serving.recording import Memory
from tests import model
from tests.serving.conftest import serving

OFF = "monitor.keep_content is off (set it in params.yaml, `dvc repro`, promote)"


def lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text().splitlines()]


def told(version: str, outcome: str) -> float:
    labels = {"model_version": version, "target": "label", "outcome": outcome}
    return REGISTRY.get_sample_value("sensorium_feedback_total", labels) or 0


def test_predictions_and_what_is_told_of_them_are_written_down_without_content(
    table_folder: Path, tmp_path: Path
) -> None:
    with serving(table_folder, tmp_path) as client:
        answer = client.post("/predict", json={"facts": {"a": 4711}}).json()
        version, label = answer["model_version"], answer["targets"]["label"]["label"]
        before = {outcome: told(version, outcome) for outcome in ("right", "wrong")}
        about = {"request_id": answer["request_id"], "labels": {"label": label}}
        first = client.post("/feedback", json=about)
        again = client.post("/feedback", json=about)
        batch = client.post("/predict_batch", json={"samples": [{"more": {"c": 1}}]}, headers={"X-Request-ID": "b"})
        other = {"no": "yes", "yes": "no"}[batch.json()["answers"][0]["targets"]["label"]["label"]]
        wrong = client.post("/feedback", json={"request_id": "b.0", "labels": {"label": other}}).json()
        news = client.post("/feedback", json={"request_id": "long-ago", "labels": {"label": "maybe"}}).json()
        note = {"note": f"Feedback is taken, but cannot be learnt from: {OFF}."}
        known = {"predicted_by": version, "correct": {"label": True}}
        assert (first.status_code, first.json()) == (202, about | known | note)
        assert again.json()["correct"] == {}  # counted once
        assert wrong["correct"] == {"label": False}
        unknown = {"request_id": "long-ago", "labels": {"label": "maybe"}, "predicted_by": None, "correct": {}}
        assert news == unknown | note
        counted = {outcome: told(version, outcome) - before[outcome] for outcome in before}
        assert counted == {"right": 1, "wrong": 1}
    predicted = lines(tmp_path / "predictions.jsonl")
    assert [line["request_id"] for line in predicted] == [answer["request_id"], "b.0"]
    assert predicted[0]["role"] == "champion"
    assert predicted[0]["inputs"] == ["facts"]
    assert predicted[0]["labels"] == {"label": label}
    assert predicted[0]["abstained"] == []
    assert sum(predicted[0]["probabilities"]["label"].values()) == pytest.approx(1, abs=1e-3)
    assert "4711" not in (tmp_path / "predictions.jsonl").read_text()
    assert [line["labels"] for line in lines(tmp_path / "feedback.jsonl")] == [
        {"label": label}, {"label": label}, {"label": other}, {"label": "maybe"}
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("keeps", "trusted", "sentence"),
    [
        (True, ["shop"], ""),
        (True, None, ""),
        (True, [], "Feedback with an API key is taken, but cannot be learnt from: retrain.trusted names no API key."),
        (False, ["shop"], f"Feedback is taken, but cannot be learnt from: {OFF}."),
        (False, None, f"Feedback is taken, but cannot be learnt from: {OFF}."),
        (
            False, [],
            f"Feedback is taken, but cannot be learnt from: {OFF} and retrain.trusted names no API key.",
        ),
    ],
)  # fmt: skip
def test_what_is_missing_to_learn_from_feedback_is_one_sentence(
    keeps: bool, trusted: list[str] | None, sentence: str
) -> None:
    assert why_not_learnt_from(Keep(keep_content=keeps), trusted) == sentence


def test_a_service_says_when_it_starts_that_its_feedback_cannot_be_learnt_from(
    table_folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    keeping = tmp_path / "keeping"
    shutil.copytree(table_folder, keeping)
    settings.write(keeping, settings.Settings(keep=Keep(keep_content=True)))
    for folder, said in ((table_folder, [f"Feedback is taken, but cannot be learnt from: {OFF}."]), (keeping, [])):
        caplog.clear()
        with serving(folder, tmp_path / "log") as client:
            told = client.post("/feedback", json={"request_id": "x", "labels": {"label": "no"}}).json()
        assert [line.message for line in caplog.records if line.levelname == "WARNING"] == said
        assert [told["note"]] == said if said else "note" not in told


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ({}, "request_id is expected: the one in the answer that this is about"),
        ({"request_id": "a b", "labels": {"label": "no"}}, "request_id is expected"),
        ({"request_id": "x"}, "labels are expected: an object of label, size"),
        ({"request_id": "x", "labels": {"colour": "red"}}, "there is no target 'colour'; this model predicts label, s"),
        ({"request_id": "x", "labels": {"label": " "}}, "label: a label of 1 to 200 letters is expected"),
        ({"request_id": "x", "labels": {"label": "\ud800"}}, "label: a label of 1 to 200 letters is expected"),
        ({"request_id": "x", "labels": {"label": ["no"]}}, "label: a label of 1 to 200 letters is expected"),
        ({"request_id": "x", "labels": {"label": "n" * 201}}, "label: a label of 1 to 200 letters is expected"),
        ({"request_id": "x", "labels": {"label": "no"}, "text": "y"}, "unknown key 'text'; request_id and labels are"),
    ],
)
def test_feedback_that_is_none(client: TestClient, content: object, sentence: str) -> None:
    answer = client.post("/feedback", content=json.dumps(content), headers={"content-type": "application/json"})
    assert answer.status_code == 400
    assert answer.json()["error"].startswith(sentence)


def test_feedback_that_comes_before_the_challenger_is_done_takes_nothing_from_it() -> None:
    memory, labels = Memory(), {"label": "no"}
    memory.remember("ada", "r", "v", labels)
    memory.forget("ada", "r", "label")
    assert (memory.recall("ada", "r"), labels) == (("v", {}), {"label": "no"})


def test_nobody_tells_of_the_predictions_of_others() -> None:
    memory = Memory()
    memory.remember("ada", "order-17", "v", {"label": "no"})
    memory.remember("bob", "order-17", "w", {"label": "yes"})
    assert memory.recall("ada", "order-17") == ("v", {"label": "no"})
    assert memory.recall("eve", "order-17") == (None, {})


def test_the_oldest_predictions_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "MOST_REMEMBERED", 2)
    memory = Memory()
    for name in ("a", "b", "a", "c"):
        memory.remember("", name, "v", {"label": "no"})
    assert [memory.recall("", name)[0] for name in ("a", "b", "c")] == ["v", None, "v"]


@pytest.mark.parametrize("classes", [["false", "true"], ["False", "True"]])  # the second is an earlier version's
def test_a_label_is_right_however_it_is_spelled(classes: list[str], tmp_path: Path) -> None:
    values = {"facts": {"a": 1.0}}
    readers = model.read({"facts": Tabular(numbers=["a"])}, values)
    folder = model.write(readers, values, model.small_network(readers, {"sold": classes}), tmp_path / "model")
    with serving(folder, tmp_path) as client:
        for number in range(5):
            said = client.post("/predict", json={"facts": {"a": 1}}).json()
            label = said["targets"]["sold"]["label"]
            told = [label, label.lower(), label.upper(), f" {label} ", label.lower() == "true"][number]
            content = {"request_id": said["request_id"], "labels": {"sold": told}}
            answer = client.post("/feedback", json=content).json()
            assert answer["correct"] == {"sold": True}
            assert answer["labels"] == {"sold": label.lower()}
    assert {line["labels"]["sold"] for line in lines(tmp_path / "feedback.jsonl")} == {label.lower()}
