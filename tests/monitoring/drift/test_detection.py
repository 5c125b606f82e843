"""Sentences and pictures as the service describes and logs them, against a reference of the same make."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image as Pillow

from sensorium.errors import UserError
from sensorium.modalities import Image, Modality, Text
from sensorium.monitoring.drift.detection import DriftResult, Reference, detect_drift, independent, read_reference
from sensorium.monitoring.drift.reference import GROUPED_BY
from sensorium.monitoring.evidently.columns import make_report
from sensorium.monitoring.log.window import read_window
from sensorium.serving.journal import PREDICTIONS
from sensorium.targets import LearntClass
from tests.monitoring.written import NOW, predicted, write

WORDS = ("a", "big", "small", "red", "old", "cat", "dog", "house", "tree", "sees", "eats", "likes", "near", "under")
INPUTS: dict[str, Modality] = {"text": Text(), "image": Image()}
TARGETS = {"kind": LearntClass(("cat", "dog"))}
Record = dict[str, Any]


def records(count: int, seed: int) -> list[Record]:
    """Lines of a log; each has a sentence and a picture of its own."""
    random, found = np.random.default_rng(seed), []
    for number in range(count):
        text = " ".join(random.choice(WORDS, random.integers(4, 10)))
        found.append(record(f"{seed}-{number}", text, _picture(random), float(random.beta(8, 2))))
    return found


def record(name: str, text: str, picture: Pillow.Image, share: float) -> Record:
    values: dict[str, Any] = {"text": text, "image": picture}
    said = {key: kind.describe(values[key]) for key, kind in INPUTS.items()}
    mean = np.asarray(picture).reshape(-1, 3).mean(0) / 255
    letters = [text.count(letter) / len(text) for letter in "eatr"]
    return predicted(
        name,
        inputs=list(INPUTS),
        hashes={key: f"{name} {key}" for key in INPUTS},
        descriptors={
            "text": {"characters": said["text"]["characters"], "words": said["text"]["words"]},
            "image": said["image"],
        },
        axes={"text": letters, "image": mean.tolist()},
        labels={"kind": "cat" if share > 0.5 else "dog"},
        probabilities={"kind": {"cat": round(share, 4), "dog": round(1 - share, 4)}},
    )


def _picture(random: np.random.Generator) -> Pillow.Image:
    colour, noise = random.uniform(60, 220, 3), random.normal(0, 20, (12, 16, 3))
    return Pillow.fromarray(np.clip(colour + noise, 0, 255).astype(np.uint8))


def dimmed(one: Record) -> Record:
    """The same at half the light."""
    found = {name: dict(values) for name, values in one["descriptors"].items()}
    for name in ("brightness", "contrast"):
        found["image"][name] /= 2
    axes = one["axes"] | {"image": [value / 2 for value in one["axes"]["image"]]}
    return one | {"descriptors": found, "axes": axes}


def without(name: str, one: Record) -> Record:
    kept = [key for key in one["inputs"] if key != name]
    parts = {part: {key: one[part][key] for key in kept} for part in ("hashes", "descriptors", "axes")}
    return one | {"inputs": kept} | parts


def window(tmp_path: Path, lines: list[Record]) -> pd.DataFrame:
    write(tmp_path / PREDICTIONS, lines)
    return read_window(tmp_path, "m1", 24, NOW + timedelta(minutes=1)).rows


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Reference:
    """Two rows of each of 120 units: the same text, another picture."""
    folder = tmp_path_factory.mktemp("reference")
    lines = records(240, 0)
    rows = window(folder, lines).drop(columns=["kind.predicted", "kind.confidence"])
    rows["unit"] = np.arange(240) // 2
    probabilities = pd.DataFrame([one["probabilities"]["kind"] for one in lines]).add_prefix("kind.probability.")
    rows = rows.join(probabilities.add([3e-5, -3e-5]).astype(np.float32))  # as the network gives them
    rows.to_parquet(folder / "reference.parquet")
    np.savez(folder / "reference.npz", **{GROUPED_BY: np.array(["text"])})
    return read_reference(folder, TARGETS)


@pytest.fixture
def checked(tmp_path: Path, reference: Reference) -> Callable[[list[Record]], DriftResult]:
    def of(lines: list[Record]) -> DriftResult:
        rows = independent(window(tmp_path, lines), reference)
        return detect_drift(reference, rows, INPUTS, TARGETS, 0.05)

    return of


def drifted(found: DriftResult) -> dict[str, str]:
    return {f"{test.about} {test.what}": test.words for test in found.findings if test.drifted}


Check = Callable[[list[Record]], DriftResult]


def test_the_reference_is_one_row_of_every_unit_as_the_log_has_them(reference: Reference) -> None:
    assert (len(reference.rows), len(reference.everything)) == (120, 240)
    assert sorted(reference.rows["unit"]) == list(range(120))
    assert reference.grouped_by == ["text"]
    logged = [max(one["probabilities"]["kind"].values()) for one in records(240, 0)]
    assert reference.everything["kind.confidence"].tolist() == logged


def test_nothing_is_found_where_nothing_changed(checked: Check) -> None:
    found = checked(records(150, 1))
    assert drifted(found) == {}
    assert [f"{test.about} {test.what}" for test in found.findings] == [
        "text embedding", "image embedding",
        "text presence", "text characters", "text words",
        "image presence", "image brightness", "image contrast", "image colour", "image aspect", "image size",
        "kind predictions", "kind confidence",
    ]  # fmt: skip
    assert 0.05 / 13 < found.bound < 0.05  # Bonferroni's would be the former


def test_darker_pictures_are_named_and_nothing_else(checked: Check) -> None:
    found = drifted(checked([dimmed(one) for one in records(80, 1)]))
    assert found.keys() == {"image embedding", "image brightness", "image contrast"}
    assert found["image brightness"].endswith("% darker")


def test_a_missing_input_is_named_by_how_often_it_is_missing(checked: Check) -> None:
    lines = records(100, 1)
    found = checked([without("image", one) if at % 4 == 0 else one for at, one in enumerate(lines)])
    assert drifted(found) == {"image presence": "missing in 25% of requests (was 0%)"}
    assert found.distances["image"].isna().sum() == 25


def test_an_input_that_is_gone_altogether(checked: Check) -> None:
    found = checked([without("image", one) for one in records(60, 1)])
    assert drifted(found) == {"image presence": "missing in 100% of requests (was 0%)"}
    assert {test.p_value for test in found.findings if test.about == "image" and test.what != "presence"} == {1.0}
    assert found.distances["image"].isna().all()


def test_answers_that_are_all_one_class(checked: Check) -> None:
    lines = [
        one | {"labels": {"kind": "dog"}, "probabilities": {"kind": {"cat": 0.2, "dog": 0.8}}} for one in records(60, 1)
    ]
    found = drifted(checked(lines))
    assert found.keys() == {"kind predictions", "kind confidence"}
    assert found["kind predictions"] == "the answer is cat in 0% (was 99%)"


def test_a_descriptor_that_the_reference_lacks_is_not_compared(checked: Check) -> None:
    lines = records(60, 1)
    for one in lines:
        one["descriptors"]["text"]["mood"] = "grim"
    found = checked(lines)
    assert drifted(found) == {}
    assert [test.p_value for test in found.findings if test.what == "mood"] == [1.0]


def test_a_descriptor_that_is_called_as_answers_are(checked: Check) -> None:
    lines = records(60, 1)
    for one in lines:
        one["descriptors"]["text"]["said"] = "grim"
    whats = [(test.about, test.what) for test in checked(lines).findings]
    assert [what for what in whats if what[1] in ("said", "predictions")] == [("text", "said"), ("kind", "predictions")]


def test_constant_and_odd_columns(checked: Check) -> None:
    lines = records(60, 1)
    for at, one in enumerate(lines):
        one["axes"]["text"] = [0.1, 0.1, 0.1, 0.1]
        one["descriptors"]["text"] = {"characters": float("nan") if at % 2 else 20.0, "words": 4.0}
    found = drifted(checked(lines))
    assert found.keys() == {"text embedding", "text characters", "text words"}


def test_one_item_asked_for_again_and_again_is_one(tmp_path: Path, reference: Reference) -> None:
    lines = records(40, 1)
    again = [one | {"request_id": f"again-{at}", "hashes": lines[0]["hashes"]} for at, one in enumerate(lines)]
    assert len(independent(window(tmp_path, lines + again), reference)) == 40


def test_one_text_with_every_picture_does_not_hide_all_of_them(checked: Check) -> None:
    lines = records(60, 1)
    for one in lines:
        one["hashes"]["text"] = "the same"
        one["descriptors"]["text"] = {"characters": 3.0, "words": 1.0}
    found = drifted(checked(lines))
    assert found.keys() == {"text characters", "text words"}


def test_evidently_shows_the_same_p_values_and_bound(checked: Check) -> None:
    found = checked([dimmed(one) for one in records(80, 1)])
    metrics = make_report(found.sides, found.kinds, found.p_values, found.bound, ("blue", "orange")).snapshot.dict()[
        "metrics"
    ]
    scores = {one["config"]["column"]: one["value"] for one in metrics if one["config"]["type"].endswith("ValueDrift")}
    assert {column for column, score in scores.items() if score > 1} == {"image.brightness", "image.contrast"}
    of_test = {f"{test.about}.{test.what}": test.p_value for test in found.findings}
    assert scores["image.size"] == pytest.approx(np.log(of_test["image.size"]) / np.log(found.bound))


def test_too_small_a_reference_is_named(reference: Reference) -> None:
    few = Reference(reference.rows.head(9), reference.everything, ["text"])
    with pytest.raises(UserError, match=r"reference has 9 independent rows, 10 are needed .* `split.val`"):
        detect_drift(few, reference.rows, INPUTS, TARGETS, 0.05)
    with pytest.raises(UserError, match="no reference to compare with"):
        read_reference(Path("nowhere"), TARGETS)
