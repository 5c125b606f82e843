import os
import resource
import threading
import time
from datetime import timedelta
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any

import pytest

from sensorium.errors import UserError
from sensorium.files import append_line
from sensorium.monitoring.feedback.labels import read_feedback
from sensorium.monitoring.log import lines
from sensorium.monitoring.log.lines import Problems, read_lines, read_records
from tests.monitoring.written import NOW, labelled, predicted, write

HOUR = NOW - timedelta(hours=1)


def names(folder: Path, problems: Problems) -> list[str]:
    return [
        record["request_id"]
        for _, record in read_records(folder, "predictions.jsonl", ("labels",), HOUR, NOW, problems)
    ]


def test_files_are_read_from_the_oldest_to_the_newest(tmp_path: Path) -> None:
    for number, name in ((10, "oldest"), (2, "older"), (1, "old")):
        write(tmp_path / f"predictions.jsonl.{number}", [predicted(name)])
    write(tmp_path / "predictions.jsonl", [predicted("new")])
    write(tmp_path / "predictions.jsonl.bak", [predicted("not ours")])
    assert names(tmp_path, Problems()) == ["oldest", "older", "old", "new"]


def test_lines_that_hold_no_record_are_counted_and_a_line_that_is_being_written_is_not(tmp_path: Path) -> None:
    write(tmp_path / "predictions.jsonl", [
        predicted("a"), '{"time": "2026', "", "5", "[]", "null", '"\\udcff"', "[" * 100_000,
        {"time": "yesterday", "labels": {}}, {"time": NOW.isoformat()}, predicted("b"),
    ])  # fmt: skip
    with (tmp_path / "predictions.jsonl").open("ab") as file:
        file.write(b'{"time": "2026-05-04T11:5')
    problems = Problems()
    assert names(tmp_path, problems) == ["a", "b"]
    assert problems.notes("predictions.jsonl") == ["Left out: 9 lines of predictions.jsonl that cannot be read."]


def test_records_of_another_time(tmp_path: Path) -> None:
    write(tmp_path / "predictions.jsonl", [
        predicted("old", 61), predicted("ahead a little", -4), predicted("future", -6),
        predicted("no zone") | {"time": "2026-05-04T11:59:00"},
    ])  # fmt: skip
    problems = Problems()
    assert names(tmp_path, problems) == ["ahead a little", "no zone"]
    assert problems.notes("predictions.jsonl") == [
        "Left out: 1 record of predictions.jsonl with a time in the future; look at the clocks of the machines that "
        "serve."
    ]


def test_files_that_are_older_are_not_opened(tmp_path: Path) -> None:
    write(tmp_path / "predictions.jsonl.1", [predicted("a")])
    os.utime(tmp_path / "predictions.jsonl.1", (0, HOUR.timestamp() - 1))
    assert names(tmp_path, Problems()) == []
    assert names(tmp_path / "nowhere", Problems()) == []


def test_records_of_replicas_are_merged_by_time(tmp_path: Path) -> None:
    for folder, records in {
        "pod-a": [predicted("first", 9), predicted("third", 7)],
        "pod-b": [predicted("second", 8), "damaged"],
        "content": [],
    }.items():
        (tmp_path / folder).mkdir()
        write(tmp_path / folder / "predictions.jsonl", records)
    write(tmp_path / "pod-a" / "predictions.jsonl.1", [predicted("oldest", 30)])
    write(tmp_path / "predictions.jsonl", [predicted("own", 8.5)])
    (tmp_path / "pod-a" / "deeper").mkdir()
    write(tmp_path / "pod-a" / "deeper" / "predictions.jsonl", [predicted("not ours")])
    problems = Problems()
    assert names(tmp_path, problems) == ["oldest", "first", "own", "second", "third"]
    assert problems.damaged == 1


def test_the_last_word_counts_whichever_replica_heard_it(tmp_path: Path) -> None:
    for folder, label, minutes_ago in (("pod-a", "cat", 4), ("pod-b", "dog", 5)):
        (tmp_path / folder).mkdir()
        write(tmp_path / folder / "predictions.jsonl", [predicted("x")] if folder == "pod-b" else [])
        write(tmp_path / folder / "feedback.jsonl", [labelled("x", label, minutes_ago=minutes_ago)])
    assert [one.value for one in read_feedback(tmp_path, [], NOW).accepted] == ["cat"]


def rotate(folder: Path, times: int) -> None:
    """Renames the files of a log as the service does, a few times a millisecond."""
    handler = RotatingFileHandler(folder / "predictions.jsonl", backupCount=times + 3)
    for _ in range(times):
        handler.doRollover()
        time.sleep(0.0005)
    handler.close()


def test_nothing_is_lost_while_the_service_rotates_its_log(tmp_path: Path) -> None:
    for attempt in range(10):
        folder = tmp_path / str(attempt)
        folder.mkdir()
        for number, name in ((2, "oldest"), (1, "old")):
            write(folder / f"predictions.jsonl.{number}", [predicted(name)])
        write(folder / "predictions.jsonl", [predicted("new")])
        rotating = threading.Thread(target=rotate, args=(folder, 20))
        rotating.start()
        while rotating.is_alive():
            assert names(folder, Problems()) == ["oldest", "old", "new"]
        rotating.join()


def lowest_free() -> int:
    """The number that the next file opened would get."""
    descriptor = os.open(os.devnull, os.O_RDONLY)
    os.close(descriptor)
    return descriptor


def test_more_files_than_may_be_open(tmp_path: Path) -> None:
    write(tmp_path / "predictions.jsonl", [predicted("a")])
    problems = read_records(tmp_path, "predictions.jsonl", (), HOUR, NOW, Problems())
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest_free(), hard))
    try:
        with pytest.raises(UserError, match="remove the folders of replicas that are gone"):
            next(problems)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


WRONG = {
    "request_id": [5, None],
    "key": [["shop"], None, 5],
    "role": [{}],
    "model_version": [1],
    "inputs": [None, 5, [["text"]], [None], "text", {"text": 1}],
    "descriptors": [7, {"text": 7}, {"text": {"words": [4.0]}}],
    "axes": [[], {"text": 0.5}, {"text": ["0.5"]}, {"text": [None]}],
    "hashes": [[], {"text": 5}],
    "labels": [[], None, "cat", {"kind": 5}, {"kind": [5]}, {}, {"colour": "red"}],
    "abstained": [None, "kind", [["kind"]]],
    "probabilities": [None, {}, {"kind": {}}, {"kind": 0.9}, {"kind": {"cat": "0.9"}}, {"kind": [0.9]}],
    "numbers": [
        None,
        [],
        {"price": 5},
        {"price": {}},
        {"price": {"value": 5, "low": 1}},
        {"price": {"value": "5"}},
        {"price": {"value": "5", "low": 1, "high": 9}},
        {"price": {"value": float("inf"), "low": 1, "high": 9}},
        {"price": {"value": 5, "low": 1, "top": 9}},
    ],
    "tags": [None, [], {"topics": "cat"}, {"topics": [5]}],
    "tag_probabilities": [None, [], {"topics": 0.9}, {"topics": {"cat": "0.9"}}],
    "content": [None, [], {"text": 5}, {"text": None}, {"text": ["ab12"]}],
}


@pytest.mark.parametrize(("field", "value"), [(field, value) for field, values in WRONG.items() for value in values])
def test_a_field_that_holds_something_else_makes_a_line_damaged(tmp_path: Path, field: str, value: Any) -> None:
    write(tmp_path / "predictions.jsonl", [predicted("a"), predicted("b", **{field: value}), predicted("c")])
    problems = Problems()
    assert names(tmp_path, problems) == ["a", "c"]
    assert problems.damaged == 1


def test_every_field_is_checked() -> None:
    assert WRONG.keys() == lines.TYPES.keys()


def test_what_a_record_may_hold_beside_what_is_read(tmp_path: Path) -> None:
    more = {
        "descriptors": {"text": {"words": 4, "language": "en"}},
        "axes": {},
        "another": [None],
        "content": {"text": "ab"},
    }
    write(tmp_path / "predictions.jsonl", [predicted("a", **more)])
    assert names(tmp_path, Problems()) == ["a"]


def test_lines_of_our_own_end_at_line_feeds_only(tmp_path: Path) -> None:
    path = tmp_path / "new" / "checks.jsonl"
    words = "it drifted\u2028since\u2029monday\x85\x1c"
    append_line(path, {"words": words})
    append_line(path, {"id": 2})
    assert path.read_bytes().count(b"\n") == 2
    assert read_lines(path) == [{"words": words}, {"id": 2}]
    assert read_lines(tmp_path / "nowhere") == []


def test_a_line_that_a_kill_cut_off_costs_no_other(tmp_path: Path) -> None:
    path = tmp_path / "checks.jsonl"
    path.write_bytes(b'{"id": 1}\n{"id": 2, "wor')
    append_line(path, {"id": 3})
    assert path.read_bytes() == b'{"id": 1}\n{"id": 2, "wor\n{"id": 3}\n'
    assert read_lines(path) == [{"id": 1}, {"id": 3}]
