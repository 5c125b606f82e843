"""Bytes by key, kept in one file that processes, clones and versions share: every record vouches for itself."""

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from struct import Struct
from typing import BinaryIO

from filelock import FileLock

from sensorium.errors import UserError
from sensorium.files import replacing, set_aside

FORMAT = "1"  # in the file's name too: a version of Sensorium that writes another one opens another file
BEGIN = b"\x89SR" + FORMAT.encode() + b"\r\n\x1a\n"
SIZES = Struct("<IQ")  # bytes of the key and of the content, which follow
BEFORE_SIZES = len(BEGIN) + hashlib.sha256().digest_size
BEFORE_KEY = BEFORE_SIZES + SIZES.size
REPLACED = 1000  # records whose key came again, from which on a file is written anew
OPEN = 32  # files whose index a process keeps
PIECE = 2**20  # bytes

Found = tuple[int, bytes | None, int]  # where a record begins, its key (none where there is damage), where it ends


class Records:
    """Content by key; what was put is there after a kill, and comes back as it was put or not at all.

    Records are only ever added, so that readers need no lock. What a disk, a write that was cut off or another program
    did to one shows by its digest, and it counts as absent. A file in which anything is damaged is set aside, with a
    sentence on standard error; a new one with all that is whole takes its place. Pickled they are their path, and a
    process that reads it keeps one index of each file.

    Args:
        path: of the file, without what says its format.

    Raises:
        UserError: if nothing can be written there.
    """

    def __init__(self, path: Path) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError, PermissionError) as error:
            raise UserError(_closed(path.parent)) from error
        if not os.access(path.parent, os.W_OK):
            raise UserError(_closed(path.parent))
        self.name, self.path = path, path.with_name(f"{path.name}.records{FORMAT}")
        self._lock = FileLock(f"{self.path}.lock")
        self._forget()

    def __reduce__(self) -> "tuple[Callable[[Path], Records], tuple[Path]]":
        return opened, (self.name,)

    def get(self, keys: Iterable[bytes]) -> dict[bytes, bytes]:
        """The content of those keys that are here."""
        return dict(self._whole(keys))

    def known(self, keys: Iterable[bytes]) -> set[bytes]:
        """Those keys that are here."""
        return {key for key, _ in self._whole(keys)}

    def put(self, contents: Mapping[bytes, bytes]) -> None:
        """Adds records; of several with the same key the last counts."""
        with self._lock:
            self.path.touch()
            with self.path.open("rb") as file:
                sound = self._scan(file)
            if not sound or self._count > len(self._places) + REPLACED:
                self._write_anew()
            with self.path.open("r+b") as file:
                self._scan(file)
                file.truncate(self._end)  # what a killed process wrote of a record goes
                file.seek(self._end)
                file.write(b"".join(_record(key, content) for key, content in contents.items()))

    def add_all(self, others: "Records") -> None:
        """Adds all that is whole among others; what comes again later counts."""
        with others.path.open("rb") as file:
            found = [_read(file, begin) for begin, key, _ in _records(file, 0, verified=True) if key is not None]
        self.put(dict(filter(None, found)))

    def _forget(self) -> None:
        self._places: dict[bytes, int] = {}
        self._file, self._end, self._count = -1, 0, 0

    def _whole(self, keys: Iterable[bytes]) -> Iterator[tuple[bytes, bytes]]:
        if not self.path.is_file():
            return
        with self.path.open("rb") as file:
            sound = self._scan(file)
            for key in keys:
                if key not in self._places:
                    continue
                found = _read(file, self._places[key])
                if found and found[0] == key:
                    yield found
                else:
                    sound = False
        if not sound:
            with self._lock:
                self._write_anew()

    def _scan(self, file: BinaryIO) -> bool:
        """Learns where records are that were added since the last look; says whether there is nothing but records."""
        state = os.fstat(file.fileno())
        if state.st_ino != self._file or state.st_size < self._end:
            self._forget()
        self._file, sound = state.st_ino, True
        for begin, key, end in _records(file, self._end):
            if key is None:
                sound = False
            else:
                self._places[key], self._end, self._count = begin, end, self._count + 1
        return sound

    def _write_anew(self) -> None:
        """Keeps what is whole, each key once; if there was anything else, sets the old file aside and says so."""
        with self.path.open("rb") as file, replacing(self.path) as beside:
            found = list(_records(file, 0, verified=True))
            whole = {key: begin for begin, key, _ in found if key is not None}
            with beside.open("wb") as copy:
                for begin in whole.values():
                    copy.write(_record(*(_read(file, begin) or ())))
            if any(key is None for _, key, _ in found):
                set_aside(self.path, f"its {len(whole):,} whole records stay in use, and the others are made again")
        self._forget()


@lru_cache(OPEN)
def opened(path: Path) -> Records:
    """Those of a file, as `Records` has them; this process opens it once."""
    return Records(path)


def _closed(folder: Path) -> str:
    return f"nothing can be written to {folder}; set SENSORIUM_CACHE to a folder of yours."


def _record(key: bytes, content: bytes) -> bytes:
    payload = SIZES.pack(len(key), len(content)) + key + content
    return BEGIN + hashlib.sha256(payload).digest() + payload


def _records(file: BinaryIO, at: int, verified: bool = False) -> Iterator[Found]:
    """What is in a file from a place on: records, and damage; a record that was cut off at the end is neither.

    Args:
        verified: whether the content is looked at, too.
    """
    size = os.fstat(file.fileno()).st_size
    while at < size:
        found = _header(file, at, size)
        if found and not (verified and _read(file, at) is None):
            yield at, *found
            at = found[1]
            continue
        following = _find(file, at + 1)
        if following is None and BEGIN.startswith(_bytes(file, at, len(BEGIN))):
            return
        yield at, None, at
        at = size if following is None else following


def _header(file: BinaryIO, at: int, size: int) -> tuple[bytes, int] | None:
    """The key of a record that seems to begin here, and where it ends."""
    head = _bytes(file, at, BEFORE_KEY)
    if len(head) < BEFORE_KEY or not head.startswith(BEGIN):
        return None
    of_key, of_content = SIZES.unpack_from(head, BEFORE_SIZES)
    end = at + BEFORE_KEY + of_key + of_content
    return (file.read(of_key), end) if end <= size else None


def _read(file: BinaryIO, at: int) -> tuple[bytes, bytes] | None:
    """Key and content of the record that begins here, if it is as it was written."""
    found = _header(file, at, os.fstat(file.fileno()).st_size)
    if found is None:
        return None
    key, end = found
    record = _bytes(file, at, end - at)
    return (key, record[BEFORE_KEY + len(key) :]) if _is_whole(record) else None


def _is_whole(record: bytes) -> bool:
    return hashlib.sha256(memoryview(record)[BEFORE_SIZES:]).digest() == record[len(BEGIN) : BEFORE_SIZES]


def _find(file: BinaryIO, at: int) -> int | None:
    """Where the next record may begin."""
    overlap = b""
    while piece := overlap + _bytes(file, at + len(overlap), PIECE):
        place = piece.find(BEGIN)
        if place >= 0:
            return at + place
        if len(piece) < PIECE:
            return None
        overlap = piece[1 - len(BEGIN) :]
        at += len(piece) - len(overlap)
    return None


def _bytes(file: BinaryIO, at: int, count: int) -> bytes:
    file.seek(at)
    return file.read(count)
