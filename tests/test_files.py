"""Writes that fail, are killed or find a full disk: the old or the new, and nothing else in the end."""

import errno
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from sensorium import disk
from sensorium.files import append_line, create, read_json, remove, replacing, set_aside, sweep, temporary, write_json
from tests.faults import BROKEN, KILL, NO_ROOM, Steps, in_a_child


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def killed(code: str) -> None:
    """Runs code in a process of its own that kills itself."""
    ready = "import os, signal\nfrom pathlib import Path\nfrom sensorium import disk, files\n"
    die = "die = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\n"
    done = subprocess.run([sys.executable, "-c", ready + die + code])
    assert done.returncode == -signal.SIGKILL


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "figures.json"
    write_json(path, {"a": 1})
    with pytest.raises(RuntimeError), replacing(path) as beside:
        beside.write_text("half")
        raise RuntimeError("the disk is full")
    assert read_json(path, made_by="evaluate") == {"a": 1}
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("can_exchange", [True, False])
def test_a_folder_is_replaced_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, can_exchange: bool) -> None:
    if not can_exchange:
        monkeypatch.setattr(disk, "exchange", lambda *_: False)
    folder = tmp_path / "model"
    for name in ("old", "new"):
        with replacing(folder) as beside:
            beside.mkdir()
            (beside / name).touch()
    assert names(folder) == ["new"]
    with replacing(folder) as beside:
        beside.write_text("a file")
    assert folder.read_text() == "a file"
    assert names(tmp_path) == ["model"]


def test_a_folder_that_was_taken_away_by_a_killed_process_is_put_back(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "old").touch()
    killed(f"""
disk.exchange = lambda *_: False
whole, calls = Path.rename, []
Path.rename = lambda *paths: die() if calls else calls.append(whole(*paths))
with files.replacing(Path({str(folder)!r})) as beside:
    beside.mkdir()
""")
    assert not folder.exists()
    with pytest.raises(RuntimeError), replacing(folder):
        raise RuntimeError("nothing new")
    assert names(folder) == ["old"]
    assert names(tmp_path) == ["model"]


def test_what_a_killed_process_left_goes_with_the_next_write_and_what_a_living_one_writes_stays(
    tmp_path: Path,
) -> None:
    killed(f"with files.replacing(Path({str(tmp_path / 'big')!r})) as beside: beside.write_text('half'); die()")
    (left,) = names(tmp_path)
    assert left.startswith(".sensorium.") and left.endswith(".new")
    with temporary(tmp_path) as held:
        assert names(tmp_path) == [held.name]
        write_json(tmp_path / "other.json", {})
        assert names(tmp_path) == [held.name, "other.json"]
    assert names(tmp_path) == ["other.json"]


def test_what_earlier_versions_left_goes_when_it_is_old_and_nothing_of_the_users_does(tmp_path: Path) -> None:
    for name in (".a.json.4711.new", ".a.json.4712.new", ".b.json.4711.new", ".a.json.mine.new", "a.json.4711.new"):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (0, 0))
    os.utime(tmp_path / ".a.json.4712.new")
    write_json(tmp_path / "a.json", {})
    assert names(tmp_path) == [".a.json.4712.new", ".a.json.mine.new", ".b.json.4711.new", "a.json", "a.json.4711.new"]


def test_what_another_machine_writes_on_a_shared_disk_is_left_alone_for_a_day(tmp_path: Path) -> None:
    for name in ("elsewhere.new", "elsewhere.old", f"{disk.system()}.dead"):
        (tmp_path / f".sensorium.{name}.new").mkdir()
    os.utime(tmp_path / ".sensorium.elsewhere.old.new", (0, 0))
    write_json(tmp_path / "a.json", {})
    assert names(tmp_path) == [".sensorium.elsewhere.new.new", "a.json"]


def test_of_two_that_create_a_file_the_first_wins(tmp_path: Path) -> None:
    for content in (b"first", b"second"):
        create(tmp_path / "salt", content)
    assert (tmp_path / "salt").read_bytes() == b"first"
    assert (tmp_path / "salt").stat().st_mode & 0o777 == 0o600
    assert names(tmp_path) == ["salt"]


@pytest.mark.parametrize("can_keep", [True, False])
def test_a_file_is_created_where_there_are_no_hard_links(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, can_keep: bool
) -> None:
    def refuse(*_: Path) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")  # as exFAT does

    monkeypatch.setattr(os, "link", refuse)
    if not can_keep:
        monkeypatch.setattr(disk, "_rename", lambda *_: False)
    for content in (b"first", b"second"):
        create(tmp_path / "salt", content)
    assert (tmp_path / "salt").read_bytes() == b"first"
    assert (tmp_path / "salt").stat().st_mode & 0o777 == 0o600
    assert names(tmp_path) == ["salt"]


def test_where_there_are_no_locks_what_is_a_day_old_is_a_dead_process_s(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")  # as network file systems do

    monkeypatch.setattr(fcntl, "flock", refuse)
    for name in ("new", "old"):
        (tmp_path / f".sensorium.{disk.system()}.{name}.new").mkdir()
    os.utime(tmp_path / f".sensorium.{disk.system()}.old.new", (0, 0))
    write_json(tmp_path / "a.json", {})
    append_line(tmp_path / "b.jsonl", {})
    assert names(tmp_path) == [f".sensorium.{disk.system()}.new.new", "a.json", "b.jsonl"]


def test_a_line_that_fails_cuts_off_no_line_of_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, ended = tmp_path / "log.jsonl", os.fsync
    append_line(path, {"is": "old"})
    other = threading.Thread(target=append_line, args=(path, {"is": "other"}))

    def fail(opened: int) -> None:
        if threading.current_thread() is other:
            return ended(opened)
        other.start()
        other.join(0.2)  # it would have added its line meanwhile
        raise OSError(errno.EIO, "the disk is broken")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="the disk is broken"):
        append_line(path, {"is": "new"})
    other.join()
    assert path.read_text() == '{"is": "old"}\n{"is": "other"}\n'


def test_what_another_process_set_aside_stays_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "kept").mkdir()
    for _ in range(2):
        set_aside(tmp_path / "kept", "and is made again")
    assert names(tmp_path) == ["kept.damaged"]
    assert capsys.readouterr().err.count("was damaged") == 1


def rewrite(folder: Path) -> None:
    write_json(folder / "record.json", "new", lasting=True)


def replace_folder(folder: Path) -> None:
    with replacing(folder / "model", lasting=True) as beside:
        beside.mkdir()
        (beside / "new").touch()


def append(folder: Path) -> None:
    append_line(folder / "log.jsonl", {"is": "new"})


def remove_folder(folder: Path) -> None:
    remove(folder / "model")


def seen(folder: Path) -> dict[str, Any]:
    """What a reader finds; of a log, the last line."""
    texts = {name: (folder / name).read_text().splitlines()[-1] for name in ("record.json", "log.jsonl")}
    return texts | {"model": names(folder / "model") if (folder / "model").exists() else None}


WAYS: list[Callable[[Path], None]] = [rewrite, replace_folder, append, remove_folder]


@pytest.mark.parametrize("can_exchange", [True, False])
@pytest.mark.parametrize("fault", [KILL, NO_ROOM, BROKEN])
@pytest.mark.parametrize("way", WAYS)
def test_whichever_step_of_a_write_fails_there_is_the_old_or_the_new_and_the_next_one_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: Callable[[Path], None], fault: str, can_exchange: bool
) -> None:
    if not can_exchange:
        monkeypatch.setattr(disk, "exchange", lambda *_: False)
    monkeypatch.setattr(shutil, "_use_fd_functions", False)  # whose paths nobody could tell

    def before(place: int) -> Path:
        folder = tmp_path / str(place)
        (folder / "model").mkdir(parents=True)
        (folder / "model/old").touch()
        for name in ("record.json", "log.jsonl"):
            (folder / name).write_text('"old"\n')
        return folder

    _, steps = in_a_child(partial(way, before(0)), Steps(f"{tmp_path / '0'}/"))
    old, new = seen(before(-1)), seen(tmp_path / "0")
    assert len(steps) > 1 and old != new
    for place in range(1, len(steps) + 1):
        folder = before(place)
        status, _ = in_a_child(partial(way, folder), Steps(f"{folder}/", place, fault))
        assert status == -signal.SIGKILL or fault != KILL
        away = [old | {"model": None}] if way is replace_folder and not can_exchange and fault == KILL else []
        assert seen(folder) in (old, new, *away), steps[place - 1]
        way(folder)
        assert seen(folder) == new, steps[place - 1]
        sweep(folder)
        assert names(folder) == names(tmp_path / "0")
