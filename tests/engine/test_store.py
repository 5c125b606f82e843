"""Files that travel through a store: nothing that is half there is used, only what is new is sent, little is kept."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from sensorium.engine import Dask, shared_store
from sensorium.engine.shared_store import SharedStore
from sensorium.engine.store import Content, Store
from sensorium.errors import UserError
from tests.engine import pieces

ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # sha256 of abc


@pytest.fixture
def objects(tmp_path: Path) -> Path:
    """Where a store keeps its objects."""
    (tmp_path / "objects").mkdir()
    return tmp_path / "objects"


@pytest.fixture
def store(objects: Path) -> Store:
    return Store(f"file://{objects}")


def written(path: Path, content: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    return path


def test_only_what_is_new_or_was_cut_off_is_put(store: Store, objects: Path, tmp_path: Path) -> None:
    one, same, other = (written(tmp_path / name, text) for name, text in (("a", "abc"), ("b", "abc"), ("c", "abcd")))
    assert store.put([one]) == {one: Content(ABC, 3)}
    assert [path.name for path in objects.iterdir()] == [ABC]
    written(objects / ABC, "xyz")  # which is of the right size
    contents = store.put([one, same, other])
    assert contents[one] == contents[same] == Content(ABC, 3)
    assert sorted(path.read_text() for path in objects.iterdir()) == ["abcd", "xyz"]
    written(objects / ABC, "ab")
    store.put([one])
    assert (objects / ABC).read_text() == "abc"


@pytest.mark.parametrize("there", ["ab", "abx", "abcd"])
def test_nothing_comes_out_that_was_not_put_in(there: str, store: Store, objects: Path, tmp_path: Path) -> None:
    written(objects / ABC, there)
    with pytest.raises(UserError, match=rf"^engine.share: file://{objects} does not keep what is put there; empty it"):
        store.get({tmp_path / "a": Content(ABC, 3)})


def test_what_was_removed(store: Store, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"^engine.share: \S+ finds no such bucket, or no longer what was put there: "):
        store.get({tmp_path / "a": Content(ABC, 3)})


def test_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match=r"^engine.share: zip7://mine/a is no store that is known here \(Protocol not"):
        Store("zip7://mine/a")
    for wrong in ("s3://key:secret@mine/a", "/mine/a", "s3://mine a"):
        with pytest.raises(ValidationError, match="share"):
            Dask(address="tcp://127.0.0.1:1", share=wrong)


class Worker:
    """A worker of this process, with a cache of its own, that does pieces of the command's process.

    Args:
        objects: of the store.
        cache: its own.
    """

    def __init__(self, objects: Path, cache: Path) -> None:
        self._place, self._cache = SharedStore(f"file://{objects}"), cache

    def copy(self, file: Path, folder: Path) -> None:
        parcel = self._place.pack(pieces.copy, (file, folder, 0))
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("SENSORIUM_CACHE", str(self._cache))
            done = self._place.do(parcel)
        self._place.take(done)

    @property
    def kept(self) -> list[str]:
        """The files that it keeps, and of those it is at work with."""
        return sorted(path.read_text() for path in (self._cache / "pieces").rglob("*") if path.is_file())


def test_a_worker_keeps_what_it_fetched_and_looks_at_it_again(
    objects: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched: list[int] = []
    get = Store.get
    monkeypatch.setattr(Store, "get", lambda store, wanted: (fetched.append(len(wanted)), get(store, wanted)))
    worker, made = Worker(objects, tmp_path / "cache"), tmp_path / "made"
    made.mkdir()
    worker.copy(written(tmp_path / "a", "abc"), made)
    worker.copy(tmp_path / "a", made)
    assert fetched == [1, 1, 1]  # by the worker, and what it made by the command, twice
    assert worker.kept == ["abc"]
    written(tmp_path / "cache/pieces" / ABC, "abx")
    worker.copy(tmp_path / "a", made)
    assert (made / "copies/0.txt").read_text() == "0: abc"
    assert worker.kept == ["abc"]


def test_a_worker_keeps_so_much_and_what_was_used_last(
    objects: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_store, "KEPT", 7)
    worker, made = Worker(objects, tmp_path / "cache"), tmp_path / "made"
    made.mkdir()
    for name in ("aaa", "bbb", "aaa", "ccc"):
        worker.copy(written(tmp_path / name, name), made)
    assert worker.kept == ["aaa", "ccc"]
