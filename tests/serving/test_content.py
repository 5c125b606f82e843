import os
from pathlib import Path

import pytest

from sensorium.modalities import Text
from sensorium.serving import content
from sensorium.serving.content import Content

MEGABYTE = 2**20


def kept(folder: Path) -> list[Path]:
    return list((folder / content.FOLDER).glob("??/*"))


def on_disk(folder: Path) -> int:
    """Bytes of disk that all kept values take."""
    return sum(path.stat().st_blocks * 512 for path in kept(folder))


def keep(folder: Path, *values: bytes, megabytes: int = 1) -> list[str]:
    """What a process keeps from its start to its end; the names."""
    store = Content(folder)
    names = [name for value in values for name in store.keep({"x": value}, megabytes).values()]
    store.close()
    return names


@pytest.mark.parametrize(("again", "there"), [([], [False, True, True]), ([b"0"], [True, False, True])])
def test_the_oldest_goes_and_what_is_asked_for_again_is_not_the_oldest(
    tmp_path: Path, again: list[bytes], there: list[bool]
) -> None:
    values = [digit * 400_000 for digit in (b"0", b"1", b"2")]
    names = keep(tmp_path, *values[:2])
    for name, time in zip(names, (1, 2), strict=True):
        os.utime(content.file(tmp_path / content.FOLDER, name), (time, time))
    names += keep(tmp_path, *(digit * 400_000 for digit in again), values[2])[-1:]
    assert [content.find(tmp_path, name) is not None for name in names] == there


def test_what_earlier_processes_left_counts_from_the_first_value_on(tmp_path: Path) -> None:
    keep(tmp_path, *(bytes([number]) * 400_000 for number in range(4)), megabytes=2)
    assert on_disk(tmp_path) > MEGABYTE
    keep(tmp_path, b"short")
    assert on_disk(tmp_path) <= MEGABYTE


def test_processes_that_end_early_take_no_more_than_one_that_lives_on(tmp_path: Path) -> None:
    for number in range(50):
        keep(tmp_path, bytes([number]) * 40_000)
    assert 0.85 * MEGABYTE < on_disk(tmp_path) <= MEGABYTE


def test_short_values_take_no_more_disk_than_long_ones(tmp_path: Path) -> None:
    names = keep(tmp_path, *(f"a short text, {number}".encode() for number in range(1000)))
    assert on_disk(tmp_path) <= MEGABYTE
    assert 230 < len(kept(tmp_path)) <= 256
    assert content.find(tmp_path, names[-1])


def test_what_does_not_fit_at_all_is_not_kept(tmp_path: Path) -> None:
    assert keep(tmp_path, b"x" * MEGABYTE) == []
    assert kept(tmp_path) == []


def test_a_disk_that_does_not_keep_up_costs_content_not_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content, "MOST_WAITING", 2 * content.BLOCK)
    store = Content(tmp_path)
    assert store.keep({"large": b"x" * 5000, "small": b"x"}, megabytes=1) == {}
    assert set(store.keep({"one": b"x", "other": b"y"}, megabytes=1)) == {"one", "other"}
    store.close()


@pytest.mark.parametrize(
    ("raw", "value", "read"),
    [
        ("a frog", b"a frog", "a frog"),
        ("a frog \ud83d", b"a frog ?", "a frog ?"),
        (b"\xff", b"\xff", "\ufffd"),
    ],
)
def test_a_text_is_kept_as_it_came(raw: object, value: bytes, read: str) -> None:
    assert content.as_bytes(raw) == value
    assert Text().cells("note", value) == {"note": read}


def test_columns_are_kept_in_one_order() -> None:
    assert content.as_bytes({"b": "\ud83d", "a": 1}) == b'{"a": 1, "b": "\\ud83d"}'


def test_a_value_is_found_whichever_replica_kept_it(tmp_path: Path) -> None:
    (alone,) = keep(tmp_path, b"one process")
    (first,) = keep(tmp_path / "pod-a", b"the first replica")
    (second,) = keep(tmp_path / "pod-b", b"the second")
    found = [content.find(tmp_path, name) for name in (alone, first, second)]
    assert [path and path.read_bytes() for path in found] == [b"one process", b"the first replica", b"the second"]
    assert content.find(tmp_path / "pod-a", second) is None
    assert content.find(tmp_path / "nowhere", first) is None


@pytest.mark.parametrize("name", ["", ".", "..", "../salt", "*", "??", "a/b", "\0", "0" * 65, "\ud83d"])
def test_a_damaged_name_leads_nowhere(tmp_path: Path, name: str) -> None:
    keep(tmp_path, b"x")
    (tmp_path / "salt").write_bytes(b"secret")
    assert content.find(tmp_path, name) is None
