import multiprocessing
import pickle
import random
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from sensorium.errors import UserError
from sensorium.records import Records, opened

KEPT = {f"key {number}".encode(): random.Random(number).randbytes(40 * number) for number in range(30)}
Damaged = Iterator[bytes]


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """The file of records that were put one by one."""
    records = Records(tmp_path / "kept")
    for key, content in KEPT.items():
        records.put({key: content})
    return records.path


def bits(content: bytes, chance: random.Random) -> bytes:
    changed = bytearray(content)
    for _ in range(chance.choice([1, 5, 200])):
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def cut_off(content: bytes, chance: random.Random) -> bytes:
    return content[: chance.randrange(len(content))]


def zeros(content: bytes, chance: random.Random) -> bytes:
    begin = chance.randrange(len(content))
    return content[:begin] + bytes(chance.randrange(999)) + content[begin + chance.randrange(999) :]


def foreign(content: bytes, chance: random.Random) -> bytes:
    return b"SQLite format 3\0" + chance.randbytes(chance.randrange(5000))


def twice(content: bytes, chance: random.Random) -> bytes:
    return content[chance.randrange(len(content)) :] + content


@pytest.mark.parametrize("damage", [bits, cut_off, zeros, foreign, twice])
def test_whatever_befalls_a_file_its_content_comes_back_as_it_was_or_not_at_all(damage, kept: Path) -> None:  # type: ignore[no-untyped-def]
    whole = kept.read_bytes()
    lost = 0
    for seed in range(60):
        kept.write_bytes(damage(whole, random.Random(seed)))
        found = Records(kept.with_name("kept")).get(KEPT)
        assert found.items() <= KEPT.items()
        lost += len(KEPT) - len(found)
        mended = Records(kept.with_name("kept"))
        mended.put({key: KEPT[key] for key in KEPT.keys() - mended.known(KEPT)})
        assert Records(kept.with_name("kept")).get(KEPT) == KEPT
    assert lost > 0 or damage is twice


def test_a_damaged_file_is_set_aside_once_and_what_is_whole_stays(kept: Path, capsys: pytest.CaptureFixture) -> None:
    changed = bytearray(kept.read_bytes())
    changed[changed.index(b"key 7") + 100] ^= 1
    kept.write_bytes(changed)
    records = Records(kept.with_name("kept"))
    assert KEPT.keys() - records.known(KEPT) == {b"key 7"}
    assert capsys.readouterr().err == (
        f"warning: {kept} was damaged; it is kept as kept.records1.damaged, its 29 whole records stay in use, and the "
        "others are made again.\n"
    )
    assert kept.with_name("kept.records1.damaged").read_bytes() == bytes(changed)
    records.put({b"key 7": KEPT[b"key 7"]})
    assert (records.get(KEPT), capsys.readouterr().err) == (KEPT, "")


def test_what_a_kill_cut_off_is_no_damage(kept: Path, capsys: pytest.CaptureFixture) -> None:
    whole = kept.read_bytes()
    for missing in (1, 30, 1159, 1200):  # of the last record, whose content has 1,160 bytes
        kept.write_bytes(whole[:-missing])
        records = Records(kept.with_name("kept"))
        assert KEPT.keys() - records.known(KEPT) == {b"key 29"}
        records.put({b"key 29": KEPT[b"key 29"]})
        assert kept.read_bytes() == whole
    assert capsys.readouterr().err == ""


def test_an_open_file_that_another_replaced_is_read_anew(kept: Path) -> None:
    one, other = (Records(kept.with_name("kept")) for _ in range(2))
    assert one.known(KEPT) == KEPT.keys()
    kept.write_bytes(b"x" + kept.read_bytes()[1:])
    other.put({b"new": b"1"})  # sets it aside
    assert one.known([*KEPT, b"new"]) == {*KEPT, b"new"} - {b"key 0"}
    one.put({b"newer": b"2"})
    assert other.get([b"new", b"newer"]) == {b"new": b"1", b"newer": b"2"}


def put(path: Path, contents: Mapping[bytes, bytes]) -> None:
    records = Records(path)
    for key, content in contents.items():
        records.put({key: content})
        records.known(contents)


def test_many_write_at_once_while_the_file_is_damaged(tmp_path: Path) -> None:
    path, context = tmp_path / "kept", multiprocessing.get_context("fork")
    Records(path).put({b"first": bytes(100)})
    every = [{b"%d %d" % (who, number): b"%d" % number * 50 for number in range(60)} for who in range(3)]
    writers = [context.Process(target=put, args=(path, mine)) for mine in every]
    for writer in writers:
        writer.start()
    with Records(path).path.open("r+b") as file:
        file.seek(60)
        file.write(b"x")
    for writer in writers:
        writer.join(60)
    expected = {key: content for mine in every for key, content in mine.items()}
    assert Records(path).get([*expected, b"first"]) == expected


def test_records_that_others_replaced_are_dropped_at_times(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    records = Records(tmp_path / "kept")
    for number in range(1100):
        records.put({b"same": b"%d" % number})
    assert records.get([b"same"]) == {b"same": b"1099"}
    assert records.path.stat().st_size < 100 * 64
    assert capsys.readouterr().err == ""


def test_a_cache_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match=r"nothing can be written to .*file/cache; set SENSORIUM_CACHE to a folder of"):
        Records(tmp_path / "file/cache/kept")


def test_pickled_they_are_a_path_that_a_process_opens_once(kept: Path) -> None:
    records = opened(kept.with_name("kept"))
    assert pickle.loads(pickle.dumps(records)) is records
    assert len(pickle.dumps(records)) < 300
    assert records.get(KEPT) == KEPT


def test_all_that_is_whole_of_others_is_added(kept: Path, tmp_path: Path) -> None:
    records, others = Records(tmp_path / "more"), Records(kept.with_name("kept"))
    records.put({b"key 1": b"before", b"mine": b"mine"})
    content = bytearray(kept.read_bytes())
    content[-1] ^= 1  # of the last one
    kept.write_bytes(content)
    records.add_all(others)
    assert records.get([*KEPT, b"mine"]) == {**dict(list(KEPT.items())[:-1]), b"mine": b"mine"}
