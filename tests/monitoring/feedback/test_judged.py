from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from sensorium.monitoring.feedback import judged
from sensorium.monitoring.feedback.judged import Feedback, read_feedback
from tests.monitoring.written import NOW, predicted, told, write


def judge(folder: Path, predictions: Sequence[Any], feedback: Sequence[Any], trusted: Sequence[str] = ()) -> Feedback:
    write(folder / "predictions.jsonl", predictions)
    write(folder / "feedback.jsonl", feedback)
    return read_feedback(folder, trusted, NOW)


def believed(found: Feedback) -> dict[str, str]:
    return {one.request_id: one.label for one in found.believed}


def reasons(found: Feedback) -> Counter[str]:
    """How many labels are not believed, by reason."""
    return Counter(one.reason for one in found.judged if one.reason)


def test_a_label_by_the_key_that_asked_is_believed_and_the_last_word_counts(tmp_path: Path) -> None:
    found = judge(tmp_path, [predicted("a"), predicted("b")], [told("a", "dog", minutes_ago=9), told("a", "cat")])
    assert believed(found) == {"a": "cat"}
    assert found.notes == ["1 label of feedback was corrected by the key that told it; the last word counts."]
    assert found.predictions["a"]["labels"] == {"kind": "cat"}


def test_unknown_ids_damaged_lines_and_ids_of_several_predictions(tmp_path: Path) -> None:
    feedback = [told("nobody", "dog"), '{"time"', told("a", "dog") | {"labels": 5}, told("twice", "dog")]
    found = judge(tmp_path, [predicted("a"), predicted("twice"), predicted("twice", 8)], feedback)
    assert reasons(found) == {
        "no prediction with this request id is in the log": 1,
        "several predictions have this request id": 1,
    }
    copied = judge(tmp_path, [predicted("a"), predicted("a")], [told("a", "dog")])
    assert believed(copied) == {"a": "dog"}
    assert found.notes == ["Left out: 2 lines of feedback.jsonl that cannot be read."]


def test_a_key_tells_of_others_predictions_only_if_it_is_trusted(tmp_path: Path) -> None:
    feedback = [told("a", "dog", key="labels")]
    (reason,) = reasons(judge(tmp_path, [predicted("a")], feedback))
    assert reason == (
        "the key 'labels' tells of a prediction that another key asked for, and is not in retrain.trusted"
    )
    assert believed(judge(tmp_path, [predicted("a")], feedback, ["labels"])) == {"a": "dog"}


def test_keys_that_contradict_each_other(tmp_path: Path) -> None:
    feedback = [told("a", "dog", "one"), told("a", "cat", "two"), told("b", "dog", "one"), told("b", "cat")]
    predictions = [predicted("a", key="one"), predicted("b"), predicted("c")]
    feedback.append(told("c", "cow", "nobody"))
    feedback.append(told("c", "cow"))
    found = judge(tmp_path, predictions, feedback, ["one", "two"])
    assert reasons(found)["keys contradict each other about this prediction"] == 3
    assert believed(found) == {"b": "dog", "c": "cow"}  # the trusted key's word; and strangers have no say


def test_one_key_that_floods_one_label_is_not_believed(tmp_path: Path) -> None:
    predictions = [predicted(str(number)) for number in range(60)]
    flood = [told(str(number), "dog") for number in range(30)]
    honest = [told(str(number), "cat") for number in range(30, 34)]
    found = judge(tmp_path, predictions, flood + honest)
    assert reasons(found) == {
        "the key 'shop' told kind 'dog' 30 times of 34, mostly against the model, which looks like a flood; name the "
        "key in retrain.trusted if it is right": 30
    }
    assert len(found.believed) == 4
    assert len(judge(tmp_path, predictions, flood + honest, ["shop"]).believed) == 34


def test_what_is_no_flood(tmp_path: Path) -> None:
    predictions = [predicted(str(number)) for number in range(60)]
    agreeing = [told(str(number), "cat") for number in range(40)]
    few = [told(str(number), "dog") for number in range(19)]
    mixed = [told(str(number), ("dog", "cow")[number % 2]) for number in range(60)]
    for feedback in (agreeing, few, mixed):
        assert not reasons(judge(tmp_path, predictions, feedback))
    own = [predicted(str(number), key="") for number in range(60)]  # a service without keys answers its own machine
    assert not reasons(judge(tmp_path, own, [told(str(number), "dog", "") for number in range(60)]))


def test_strangers_push_out_no_label_of_a_trusted_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judged, "MOST", 10)
    predictions = [predicted(str(number)) for number in range(8)]
    mine = [told(str(number), "dog", "shop", 9) for number in range(8)]
    found = judge(
        tmp_path, predictions, [*mine, *(told(f"made up {number}", "dog", "else") for number in range(15))], ["shop"]
    )
    assert [one.request_id for one in found.believed] == [str(number) for number in range(8)]
    assert found.notes == [
        "Left out: 5 labels of feedback, the oldest; 10 of keys that are trusted are read at most, and as many of "
        "others."
    ]


def test_the_last_word_counts_in_whatever_order_the_logs_are_read(tmp_path: Path) -> None:
    found = judge(tmp_path, [predicted("a")], [told("a", "dog", minutes_ago=2), told("a", "cat", minutes_ago=9)])
    assert [one.label for one in found.believed] == ["dog"]


def test_labels_of_an_earlier_version_are_those_of_this_one(tmp_path: Path) -> None:
    predictions = [predicted(name, labels={"kind": "True"}, probabilities={"kind": {"True": 1.0}}) for name in "ab"]
    found = judge(tmp_path, predictions, [told("a", "True"), told("b", "1.0"), told("b", "1", "two")], ["shop", "two"])
    assert believed(found) == {"a": "true", "b": "1"}
    assert found.predictions["a"]["labels"] == {"kind": "true"}
    assert not reasons(found)
