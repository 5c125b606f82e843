import tracemalloc
from pathlib import Path

import pytest

from sensorium.monitoring.log import window
from sensorium.monitoring.log.window import read_window
from tests.monitoring.written import NOW, predicted, write


def test_a_row_has_the_columns_of_the_reference(tmp_path: Path) -> None:
    more = {"inputs": ["text", "image"], "content": {"text": "ab12"}}
    write(tmp_path / "predictions.jsonl", [predicted("a"), predicted("b", **more)])
    found = read_window(tmp_path, "m1", 24, NOW)
    assert (found.predictions, found.notes) == (2, [])
    second = found.rows.iloc[1].to_dict()
    assert second.pop("time").isoformat() == "2026-05-04T11:50:00+00:00"
    assert second == {
        "request_id": "b", "key": "shop", "present.text": True, "present.image": True,
        "text.words": 4.0, "text.language": "en", "text.axis.0": 0.5, "text.axis.1": -0.5,
        "_hash.text": "b", "_content.text": "ab12", "kind.predicted": "cat", "kind.confidence": 0.9,
    }  # fmt: skip
    assert found.rows["present.image"].tolist() == [False, True]


def test_a_line_of_an_earlier_version_is_read_likewise(tmp_path: Path) -> None:
    line = predicted("a")
    line |= {"marks": line.pop("hashes"), "said": line.pop("descriptors")}
    write(tmp_path / "predictions.jsonl", [line, line | {"request_id": "b", "said": 7}])
    found = read_window(tmp_path, "m1", 24, NOW)
    (row,) = found.rows.to_dict("records")
    assert (row["_hash.text"], row["text.words"], row["text.language"]) == ("a", 4.0, "en")
    assert found.notes == ["Left out: 1 line of predictions.jsonl that cannot be read."]


def test_other_models_challengers_duplicates_and_misshapen_records_are_left_out_with_a_sentence(tmp_path: Path) -> None:
    write(tmp_path / "predictions.jsonl", [
        predicted("a"), predicted("a"), predicted("b", model_version="m0"), predicted("c", model_version="m0"),
        predicted("d", role="challenger"), predicted("e", probabilities=[]), predicted("f", descriptors=7),
        predicted("g"),
    ])  # fmt: skip
    found = read_window(tmp_path, "m1", 24, NOW)
    assert found.rows["request_id"].tolist() == ["a", "g"]
    assert found.predictions == 2
    assert found.notes == [
        "Left out: 2 lines of predictions.jsonl that cannot be read.",
        "Left out: 2 predictions of model m0; the served one is m1.",
        "Left out: 1 prediction with a request id that was there before.",
    ]


def test_of_many_a_random_sample_is_held_and_all_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(window, "SAMPLE", 100)
    write(tmp_path / "predictions.jsonl", [predicted(str(number)) for number in range(2000)])
    found = read_window(tmp_path, "m1", 24, NOW)
    assert (found.predictions, len(found.rows)) == (2000, 100)
    numbers = found.rows["request_id"].astype(int)
    assert 800 < numbers.mean() < 1200
    assert read_window(tmp_path, "m1", 24, NOW).rows.equals(found.rows)


def test_the_probabilities_of_many_classes_are_not_held(tmp_path: Path) -> None:
    shares = {"cat": 0.9} | {f"class {number}": 0.0001 for number in range(999)}
    write(
        tmp_path / "predictions.jsonl",
        [predicted(str(number), probabilities={"kind": shares}) for number in range(200)],
    )
    tracemalloc.start()
    try:
        found = read_window(tmp_path, "m1", 24, NOW)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert found.rows["kind.confidence"].tolist() == [0.9] * 200
    assert len(found.rows.columns) == 11
    assert most < 2e6  # bytes; with all probabilities it would be 17 MB


def test_inputs_may_be_called_as_columns_are(tmp_path: Path) -> None:
    named = ["hash", "content", "unit", "time", "key", "predicted"]
    write(tmp_path / "predictions.jsonl", [
        predicted("a", inputs=named, hashes=dict.fromkeys(named, "x"), axes={},
                  descriptors={name: {"words": 2.0} for name in named}, content=dict.fromkeys(named, "ab")),
    ])  # fmt: skip
    row = read_window(tmp_path, "m1", 24, NOW).rows.iloc[0]
    assert [name for name in row.index if str(name).startswith("_hash.")] == [f"_hash.{name}" for name in named]
    assert [row[f"{name}.words"] for name in named] == [2.0] * 6
    assert (row["key"], row["_content.content"], row["present.hash"]) == ("shop", "ab", True)


def test_a_key_that_asked_for_most_is_named_where_there_are_others(tmp_path: Path) -> None:
    records = [predicted(str(number), key="shop" if number < 9 else "office") for number in range(10)]
    write(tmp_path / "predictions.jsonl", records)
    assert read_window(tmp_path, "m1", 24, NOW).notes == ["90% of the predictions were asked for by one key, 'shop'."]
    write(tmp_path / "predictions.jsonl", records[:9])
    assert read_window(tmp_path, "m1", 24, NOW).notes == []
    write(tmp_path / "predictions.jsonl", records[4:])
    assert read_window(tmp_path, "m1", 24, NOW).notes == ["83% of the predictions were asked for by one key, 'shop'."]
    write(tmp_path / "predictions.jsonl", records[6:])
    assert read_window(tmp_path, "m1", 24, NOW).notes == []


def test_nothing_was_predicted(tmp_path: Path) -> None:
    found = read_window(tmp_path, "m1", 24, NOW)
    assert (found.predictions, len(found.rows), found.notes) == (0, 0, [])
