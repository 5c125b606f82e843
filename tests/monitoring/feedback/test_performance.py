from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest

from sensorium.monitoring.feedback.labels import read_feedback
from sensorium.monitoring.feedback.performance import measure
from sensorium.targets import LearntClass
from tests.monitoring.written import NOW, labelled, predicted, write

CLASSES = {"kind": LearntClass(("cat", "dog"))}
REFERENCE = pd.DataFrame({
    "kind.label": ["cat", "cat", "dog", "dog", None],
    "kind.predicted": ["cat", "cat", "dog", "cat", "cat"],
    "kind.confidence": [0.9, 0.9, 0.9, 0.7, 0.2],
})  # fmt: skip


def test_accuracy_by_feedback_and_estimated_by_confidence(tmp_path: Path) -> None:
    write(tmp_path / "predictions.jsonl", [
        *(predicted(name) for name in "abcd"), predicted("e", model_version="m0"),
    ])  # fmt: skip
    labels = [
        labelled("a", "cat"),
        labelled("b", "dog"),
        labelled("c", "cow"),
        labelled("d", "cow"),
        labelled("e", "dog"),
    ]
    write(tmp_path / "feedback.jsonl", labels)
    rows = pd.DataFrame({"kind.confidence": [0.5, 0.7]})
    feedback = read_feedback(tmp_path, [], NOW)
    found = measure(rows, REFERENCE, feedback.about("m1", NOW - timedelta(hours=1)), CLASSES)["kind"]
    assert feedback.about("m1", NOW) == []
    assert (found.labelled, found.figure) == (4, 0.25)
    assert found.interval == pytest.approx((0.0456, 0.6994), abs=1e-3)  # Wilson's for 1 of 4
    assert found.unknown == {"cow": 0.5}
    assert found.reference == 0.75
    assert found.estimated == pytest.approx(0.5)  # 0.6 promised; on the reference 0.85 was promised and 0.75 held


def test_nothing_was_told() -> None:
    found = measure(pd.DataFrame(), REFERENCE, [], CLASSES)["kind"]
    assert (found.labelled, found.figure, found.interval, found.estimated) == (0, None, None, None)
