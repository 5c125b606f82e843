from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from sensorium.monitoring.feedback import labels
from sensorium.monitoring.feedback.labels import Feedback, read_feedback
from sensorium.targets import LearntClass
from tests.monitoring.written import NOW, labelled, predicted, write


def read(folder: Path, predictions: Sequence[Any], feedback: Sequence[Any], trusted: Sequence[str] = ()) -> Feedback:
    write(folder / "predictions.jsonl", predictions)
    write(folder / "feedback.jsonl", feedback)
    return read_feedback(folder, trusted, NOW)


def accepted(found: Feedback) -> dict[str, str]:
    return {one.request_id: one.value for one in found.accepted}


def reasons(found: Feedback) -> Counter[str]:
    """How many labels are not accepted, by reason."""
    return Counter(one.reason for one in found.labels if one.reason)


def test_a_label_by_the_key_that_asked_is_accepted_and_the_last_counts(tmp_path: Path) -> None:
    found = read(
        tmp_path, [predicted("a"), predicted("b")], [labelled("a", "dog", minutes_ago=9), labelled("a", "cat")]
    )
    assert accepted(found) == {"a": "cat"}
    assert found.notes == ["1 label of feedback was corrected by the key that sent it; the last label counts."]
    assert found.predictions["a"]["predicted"] == {"kind": (LearntClass, "cat")}


def test_unknown_ids_damaged_lines_and_ids_of_several_predictions(tmp_path: Path) -> None:
    feedback = [labelled("nobody", "dog"), '{"time"', labelled("a", "dog") | {"labels": 5}, labelled("twice", "dog")]
    found = read(tmp_path, [predicted("a"), predicted("twice"), predicted("twice", 8)], feedback)
    assert reasons(found) == {
        "no prediction with this request id is in the log": 1,
        "several predictions have this request id": 1,
    }
    copied = read(tmp_path, [predicted("a"), predicted("a")], [labelled("a", "dog")])
    assert accepted(copied) == {"a": "dog"}
    assert found.notes == ["Left out: 2 lines of feedback.jsonl that cannot be read."]


def test_a_key_labels_others_predictions_only_if_it_is_trusted(tmp_path: Path) -> None:
    feedback = [labelled("a", "dog", key="labels")]
    (reason,) = reasons(read(tmp_path, [predicted("a")], feedback))
    assert reason == ("the key 'labels' labels a prediction that another key asked for, and is not in retrain.trusted")
    assert accepted(read(tmp_path, [predicted("a")], feedback, ["labels"])) == {"a": "dog"}


def test_keys_that_contradict_each_other(tmp_path: Path) -> None:
    feedback = [
        labelled("a", "dog", "one"),
        labelled("a", "cat", "two"),
        labelled("b", "dog", "one"),
        labelled("b", "cat"),
    ]
    predictions = [predicted("a", key="one"), predicted("b"), predicted("c")]
    feedback.append(labelled("c", "cow", "nobody"))
    feedback.append(labelled("c", "cow"))
    found = read(tmp_path, predictions, feedback, ["one", "two"])
    assert reasons(found)["keys contradict each other about this prediction"] == 3
    assert accepted(found) == {"b": "dog", "c": "cow"}  # the trusted key's label; labels of strangers do not count


def test_one_key_that_floods_one_label_is_not_accepted(tmp_path: Path) -> None:
    predictions = [predicted(str(number)) for number in range(60)]
    flood = [labelled(str(number), "dog") for number in range(30)]
    honest = [labelled(str(number), "cat") for number in range(30, 34)]
    found = read(tmp_path, predictions, flood + honest)
    assert reasons(found) == {
        "the key 'shop' sent kind 'dog' 30 times of 34, mostly against the model, which looks like a flood; name the "
        "key in retrain.trusted if it is right": 30
    }
    assert len(found.accepted) == 4
    assert len(read(tmp_path, predictions, flood + honest, ["shop"]).accepted) == 34


def test_what_is_no_flood(tmp_path: Path) -> None:
    predictions = [predicted(str(number)) for number in range(60)]
    agreeing = [labelled(str(number), "cat") for number in range(40)]
    few = [labelled(str(number), "dog") for number in range(19)]
    mixed = [labelled(str(number), ("dog", "cow")[number % 2]) for number in range(60)]
    for feedback in (agreeing, few, mixed):
        assert not reasons(read(tmp_path, predictions, feedback))
    own = [predicted(str(number), key="") for number in range(60)]  # a service without keys answers its own machine
    assert not reasons(read(tmp_path, own, [labelled(str(number), "dog", "") for number in range(60)]))


def test_strangers_push_out_no_label_of_a_trusted_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(labels, "MOST_LABELS", 10)
    predictions = [predicted(str(number)) for number in range(8)]
    mine = [labelled(str(number), "dog", "shop", 9) for number in range(8)]
    found = read(
        tmp_path,
        predictions,
        [*mine, *(labelled(f"made up {number}", "dog", "else") for number in range(15))],
        ["shop"],
    )
    assert [one.request_id for one in found.accepted] == [str(number) for number in range(8)]
    assert found.notes == [
        "Left out: 5 labels of feedback, the oldest; at most 10 by trusted keys are read, and as many by others."
    ]


def test_the_last_label_counts_in_whatever_order_the_logs_are_read(tmp_path: Path) -> None:
    found = read(tmp_path, [predicted("a")], [labelled("a", "dog", minutes_ago=2), labelled("a", "cat", minutes_ago=9)])
    assert [one.value for one in found.accepted] == ["dog"]


def test_labels_of_an_earlier_version_are_those_of_this_one(tmp_path: Path) -> None:
    predictions = [predicted(name, labels={"kind": "True"}, probabilities={"kind": {"True": 1.0}}) for name in "ab"]
    found = read(
        tmp_path, predictions, [labelled("a", "True"), labelled("b", "1.0"), labelled("b", "1", "two")], ["shop", "two"]
    )
    assert accepted(found) == {"a": "true", "b": "1"}
    assert found.predictions["a"]["predicted"] == {"kind": (LearntClass, "true")}
    assert not reasons(found)
