"""Workers that share no disk with the command: the files of a piece travel through an object store."""

import atexit
import os
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from sensorium import disk, paths
from sensorium.engine.parcel import ROOT, Named, Parcel, Unpacker, packed
from sensorium.engine.store import Content, Store
from sensorium.engine.worker import Workplace
from sensorium.files import remove, replacing, temporary
from sensorium.records import Records, opened

KEPT = 10 * 2**30  # bytes of files that a machine keeps for further pieces


@dataclass(frozen=True)
class Done:
    """What a function did.

    Attributes:
        result: what it gave.
        written: the files that it left, by path where the command runs.
        added: likewise the records that it added, by name.
    """

    result: Parcel
    written: dict[Path, Content]
    added: dict[Path, Content]


class SharedStore(Workplace):
    """A store that the command and all workers reach.

    Of what a function and its piece name by `Path`, files come to the worker, in a folder that looks like the command's
    machine; what the function leaves in folders that are named, or where nothing was, goes back to the same places, but
    for hidden files. `Records` are there to be added to.

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
        pickled, named = packed((function, piece))
        contents = self._store.put([path for path in named if path.is_file()])
        return Parcel(pickled, [Named(path, contents.get(path), path.is_dir()) for path in named])

    def do(self, parcel: Parcel) -> Done:
        """Calls the function with the files from the store, and puts there what it leaves."""
        kept = paths.cache() / "pieces"
        kept.mkdir(parents=True, exist_ok=True)
        home = _home(kept)
        try:
            for one in parcel.named:
                place = one.below(home)
                (place if one.is_folder else place.parent).mkdir(parents=True, exist_ok=True)
                if one.content:
                    self._fetch(one.content, place, kept)
            unpacker = Unpacker(parcel, home)
            function, piece = unpacker.load()
            pickled, named = packed(function(piece))
            result = Parcel(pickled, [Named(_above(path, home)) for path in named])
            return Done(result, self._written(parcel, home), self._added(unpacker.added))
        finally:
            for path in home.iterdir():
                remove(path)

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
        return Unpacker(done.result, ROOT).load()

    def _fetch(self, content: Content, path: Path, kept: Path) -> None:
        """Writes a file, which this machine may have kept from another piece."""
        known = kept / content.digest
        with suppress(FileNotFoundError):
            disk.link(known, path)
            if Content.of(path) == content:
                os.utime(path)  # this is one that was used last
                return
            path.unlink()
        with replacing(known) as beside:
            self._store.get({beside: content})
        disk.link(known, path)
        _sweep(kept)

    def _written(self, parcel: Parcel, home: Path) -> dict[Path, Content]:
        came = {one.below(home) for one in parcel.named if one.content}
        places = [one.below(home) for one in parcel.named if not one.content]
        found = {path for place in places for path in (place, *place.rglob("*")) if path.is_file()} - came
        files = [path for path in found if not path.name.startswith(".")]
        return {_above(path, home): content for path, content in self._store.put(files).items()}

    def _added(self, records: Mapping[Path, Records]) -> dict[Path, Content]:
        names = {of.path: name for name, of in records.items() if of.path.is_file()}
        return {names[path]: content for path, content in self._store.put(names).items()}


@cache
def _home(kept: Path) -> Path:
    """A folder of this process for one piece after the other, which the next process removes once this one has ended.

    It is the same for all, so that what is loaded by its path is not loaded again for every piece.
    """
    lasting = ExitStack()
    atexit.register(lasting.close)
    return lasting.enter_context(temporary(kept))


def _above(path: Path, home: Path) -> Path:
    """Where something that is in a process's folder is on the machine of the command."""
    return ROOT / path.relative_to(home)


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
