"""Workers that share no disk with the command: the files of a piece travel through an object store."""

import os
import pickle
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

from sensorium import disk, paths
from sensorium.engine.store import Content, Store
from sensorium.engine.worker import Workplace
from sensorium.files import replacing, temporary
from sensorium.records import Records, opened

KEPT = 10 * 2**30  # bytes of files that a machine keeps for further pieces


@dataclass(frozen=True)
class Named:
    """What a function or its piece names.

    Attributes:
        path: absolute, where the command runs.
        content: of a file that is there.
        is_folder: whether a folder is.
    """

    path: Path
    content: Content | None
    is_folder: bool

    def below(self, folder: Path) -> Path:
        """Where it is in a folder that stands for the root of the command's machine."""
        return folder / self.path.relative_to(self.path.anchor)


@dataclass(frozen=True)
class Parcel:
    """A function and its piece, as they travel.

    Attributes:
        pickled: both, in which what they name is a number.
        named: by number.
    """

    pickled: bytes
    named: Sequence[Named]


@dataclass(frozen=True)
class Done:
    """A result, as it travels.

    Attributes:
        result: of the function.
        written: the files that it left, by path where the command runs.
        added: likewise the records that it added, by name.
    """

    result: Any
    written: dict[Path, Content] = field(default_factory=dict)
    added: dict[Path, Content] = field(default_factory=dict)


class SharedStore(Workplace):
    """A store that the command and all workers reach.

    Of what a function and its piece name by `Path`, files come to the worker, in a folder of the piece that looks like
    the command's machine; what the function leaves in folders that are named goes back to the same places. `Records`
    are there to be added to.

    Args:
        address: of the store.
    """

    def __init__(self, address: str) -> None:
        super().__init__()
        self._address, self._store = address, Store(address)

    def __getstate__(self) -> dict[str, str]:
        return {"address": self._address, "code": self.code}

    def __setstate__(self, state: dict[str, str]) -> None:
        self._address, self.code = state["address"], state["code"]
        self._store = Store(self._address)

    def pack(self, function: Callable[[Any], Any], piece: Any) -> Parcel:
        """Puts the files that they name into the store."""
        stream = BytesIO()
        packer = _Packer(stream)
        packer.dump((function, piece))
        contents = self._store.put([path for path in packer.named if path.is_file()])
        named = [Named(path, contents.get(path), path.is_dir()) for path in packer.named]
        return Parcel(stream.getvalue(), named)

    def do(self, packed: Parcel) -> Done:
        """Calls the function with the files from the store, and puts there what it leaves."""
        kept = paths.cache() / "pieces"
        kept.mkdir(parents=True, exist_ok=True)
        with temporary(kept) as home:
            for one in packed.named:
                place = one.below(home)
                (place if one.is_folder else place.parent).mkdir(parents=True, exist_ok=True)
                if one.content:
                    self._fetch(one.content, place, kept)
            unpacker = _Unpacker(packed, home)
            function, piece = unpacker.load()
            result = function(piece)
            return Done(result, self._written(packed, home), self._added(unpacker.added))

    def take(self, done: Done) -> Any:
        """Fetches what was written to its places."""
        with ExitStack() as places:
            self._store.get({places.enter_context(replacing(path)): what for path, what in done.written.items()})
        for name, content in done.added.items():
            records = opened(name)
            with temporary(records.path.parent) as folder:
                others = Records(folder / name.name)
                self._store.get({others.path: content})
                records.add_all(others)
        return done.result

    def _fetch(self, content: Content, path: Path, kept: Path) -> None:
        """Writes a file, which this machine may have kept from another piece."""
        known = kept / content.digest
        with suppress(FileNotFoundError):
            disk.link(known, path)
            if Content.of(path) == content:
                os.utime(path)  # this is one that was used last
                return
            path.unlink()
        self._store.get({path: content})
        with replacing(known) as beside:
            disk.link(path, beside)
        _sweep(kept)

    def _written(self, packed: Parcel, home: Path) -> dict[Path, Content]:
        came = {one.below(home) for one in packed.named if one.content}
        places = [one.below(home) for one in packed.named if not one.content]
        files = {path for place in places for path in (place, *place.rglob("*")) if path.is_file() and path not in came}
        return {Path("/") / path.relative_to(home): content for path, content in self._store.put(files).items()}

    def _added(self, records: Mapping[Path, Records]) -> dict[Path, Content]:
        names = {of.path: name for name, of in records.items() if of.path.is_file()}
        return {names[path]: content for path, content in self._store.put(names).items()}


class _Packer(pickle.Pickler):
    """Pickles numbers in place of what is named."""

    def __init__(self, stream: BytesIO) -> None:
        super().__init__(stream)
        self.named: dict[Path, int] = {}
        self._numbers: dict[Path, int] = {}

    def persistent_id(self, it: Any) -> tuple[type, int] | None:
        if isinstance(it, Path):
            return Path, self._number(it)
        if isinstance(it, Records):
            return Records, self._number(it.name)
        return None

    def _number(self, path: Path) -> int:
        if path not in self._numbers:
            self._numbers[path] = self.named.setdefault(Path(os.path.normpath(path.absolute())), len(self.named))
        return self._numbers[path]


class _Unpacker(pickle.Unpickler):
    """Puts what stands for it in a folder in the place of every number."""

    def __init__(self, packed: Parcel, home: Path) -> None:
        super().__init__(BytesIO(packed.pickled))
        self.added: dict[Path, Records] = {}
        self._named, self._home = packed.named, home

    def persistent_load(self, number: tuple[type, int]) -> Path | Records:
        kind, at = number
        one = self._named[at]
        if kind is Path:
            return one.below(self._home)
        return self.added.setdefault(one.path, Records(one.below(self._home)))


def _sweep(kept: Path) -> None:
    """Removes those files that were not used for the longest time, where there are too many."""
    files = []
    for path in kept.iterdir():
        with suppress(FileNotFoundError):  # another process sweeps, too
            if path.is_file():
                status = path.stat()
                files.append((status.st_mtime, status.st_size, path))
    spare = sum(size for _, size, _ in files) - KEPT
    for _, size, path in sorted(files):
        if spare <= 0:
            return
        path.unlink(missing_ok=True)
        spare -= size
