import os
from datetime import timedelta
from pathlib import Path

from sensorium.monitoring.log.lines import Reading, read_records
from tests.monitoring.written import NOW, predicted, write

HOUR = NOW - timedelta(hours=1)


def names(folder: Path, reading: Reading) -> list[str]:
    return [
        record["request_id"] for _, record in read_records(folder, "predictions.jsonl", ("labels",), HOUR, NOW, reading)
    ]


def test_files_are_read_from_the_oldest_to_the_newest(tmp_path: Path) -> None:
    for number, name in ((10, "oldest"), (2, "older"), (1, "old")):
        write(tmp_path / f"predictions.jsonl.{number}", [predicted(name)])
    write(tmp_path / "predictions.jsonl", [predicted("new")])
    write(tmp_path / "predictions.jsonl.bak", [predicted("not ours")])
    assert names(tmp_path, Reading()) == ["oldest", "older", "old", "new"]


def test_lines_that_hold_no_record_are_counted_and_a_line_that_is_being_written_is_not(tmp_path: Path) -> None:
    write(tmp_path / "predictions.jsonl", [
        predicted("a"), '{"time": "2026', "", "5", "[]", "null", '"\\udcff"', "[" * 100_000,
        {"time": "yesterday", "labels": {}}, {"time": NOW.isoformat()}, predicted("b"),
    ])  # fmt: skip
    with (tmp_path / "predictions.jsonl").open("ab") as file:
        file.write(b'{"time": "2026-05-04T11:5')
    reading = Reading()
    assert names(tmp_path, reading) == ["a", "b"]
    assert reading.notes("predictions.jsonl") == ["Left out: 9 lines of predictions.jsonl that cannot be read."]


def test_records_of_another_time(tmp_path: Path) -> None:
    write(tmp_path / "predictions.jsonl", [
        predicted("old", 61), predicted("ahead a little", -4), predicted("future", -6),
        predicted("no zone") | {"time": "2026-05-04T11:59:00"},
    ])  # fmt: skip
    reading = Reading()
    assert names(tmp_path, reading) == ["ahead a little", "no zone"]
    assert reading.notes("predictions.jsonl") == [
        "Left out: 1 record of predictions.jsonl with a time in the future; look at the clocks of the machines that "
        "serve."
    ]


def test_files_that_are_older_are_not_opened(tmp_path: Path) -> None:
    write(tmp_path / "predictions.jsonl.1", [predicted("a")])
    os.utime(tmp_path / "predictions.jsonl.1", (0, HOUR.timestamp() - 1))
    assert names(tmp_path, Reading()) == []
    assert names(tmp_path / "nowhere", Reading()) == []
