import asyncio
import errno
import json
import os
import threading
from pathlib import Path

import pytest

from sensorium.errors import UserError
from sensorium.serving import journal
from sensorium.serving.journal import FEEDBACK, PREDICTIONS, Journal


def test_the_log_is_rotated_and_never_larger_than_granted(tmp_path: Path) -> None:
    log = Journal(tmp_path, megabytes=2)
    for number in range(6000):
        log.write(PREDICTIONS, {"request_id": str(number), "filler": "x" * 1000})
    log.close()
    files = sorted(tmp_path.glob("predictions.jsonl*"))
    assert len(files) == journal.FILES
    assert sum(file.stat().st_size for file in files) <= 2 * 2**20
    newest = json.loads((tmp_path / PREDICTIONS).read_text().splitlines()[-1])
    assert newest["request_id"] == "5999"


def test_lines_are_added_to_those_of_an_earlier_process(tmp_path: Path) -> None:
    for number in range(2):
        log = Journal(tmp_path, megabytes=2)
        log.write(PREDICTIONS, {"request_id": str(number)})
        log.close()
    assert [json.loads(line)["request_id"] for line in (tmp_path / PREDICTIONS).open()] == ["0", "1"]


def test_a_folder_that_cannot_be_written_to(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="name another folder in SENSORIUM_LOG"):
        Journal(tmp_path / "file", megabytes=2)


def test_a_line_that_a_power_cut_tore_costs_no_other(tmp_path: Path) -> None:
    (tmp_path / PREDICTIONS).write_text('{"request_id": "a"}\n{"requ')
    log = Journal(tmp_path, megabytes=2)
    log.write(PREDICTIONS, {"request_id": "b"})
    log.close()
    lines = (tmp_path / PREDICTIONS).read_text().splitlines()
    assert lines[:2] == ['{"request_id": "a"}', '{"requ']
    assert json.loads(lines[2])["request_id"] == "b"


def test_who_waits_for_a_record_is_told_when_it_is_on_the_disk_or_why_it_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = Journal(tmp_path, megabytes=2)
    log.keep(FEEDBACK, {"request_id": "a"}).result(timeout=10)
    assert json.loads((tmp_path / FEEDBACK).read_text())["request_id"] == "a"

    def fail(_: int) -> None:
        raise OSError(errno.EIO, "the disk is broken")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="the disk is broken"):
        log.keep(FEEDBACK, {"request_id": "b"}).result(timeout=10)
    log.close()


def test_who_does_not_wait_any_more_stops_no_other_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log, written, gone = Journal(tmp_path, megabytes=2), threading.Event(), threading.Event()

    def stall(_: int) -> None:
        written.set()
        gone.wait(10)

    monkeypatch.setattr(os, "fsync", stall)

    async def give_up() -> None:
        waiting = asyncio.wrap_future(log.keep(FEEDBACK, {"request_id": "a"}))
        await asyncio.to_thread(written.wait, 10)
        waiting.cancel()
        await asyncio.sleep(0)
        gone.set()

    asyncio.run(give_up())
    log.keep(FEEDBACK, {"request_id": "b"}).result(timeout=10)
    log.close()
    assert [json.loads(line)["request_id"] for line in (tmp_path / FEEDBACK).open()] == ["a", "b"]


def test_the_secret_of_the_folder_is_made_once(tmp_path: Path) -> None:
    hashes = set()
    for _ in range(2):
        log = Journal(tmp_path, megabytes=2)
        hashes.add(log.hash_of(b"x"))
        log.close()
    assert len(hashes) == 1
    assert len((tmp_path / journal.SALT).read_bytes()) == 16
    assert [path.name for path in tmp_path.glob(".*")] == []


def test_replicas_that_share_a_secret_mark_equal_values_alike(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def mark(name: str, secret: str) -> str:
        monkeypatch.setenv("SENSORIUM_SALT", secret)
        log = Journal(tmp_path / name, megabytes=2)
        log.close()
        return log.hash_of(b"x")

    shared = "0123456789abcdef"
    assert mark("a", shared) == mark("b", shared) == "41d6435ea96a"
    assert not (tmp_path / "a" / journal.SALT).exists()
    others = {mark("a", "another secret of 25 chars"), mark("a", ""), mark("b", "")}
    assert len(others - {"41d6435ea96a"}) == 3


def test_a_secret_that_could_be_guessed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENSORIUM_SALT", "frog")
    with pytest.raises(UserError, match="SENSORIUM_SALT has fewer than 16 characters and could be guessed"):
        journal.require_writable(tmp_path)
