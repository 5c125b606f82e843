"""A function and its piece as they travel, and a result: the files that they name go beside them."""

import os
import pickle
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from sensorium.engine.store import Content
from sensorium.records import Records

ROOT = Path("/")


@dataclass(frozen=True)
class Named:
    """What a function or its piece names.

    Attributes:
        path: absolute, where the command runs.
        content: of a file that is there.
        is_folder: whether a folder is.
    """

    path: Path
    content: Content | None = None
    is_folder: bool = False

    def below(self, folder: Path) -> Path:
        """Where it is in a folder that stands for the root of the command's machine."""
        return folder / self.path.relative_to(ROOT)


@dataclass(frozen=True)
class Parcel:
    """A function and its piece, or a result, as they travel.

    Attributes:
        pickled: they, in which what they name is a number.
        named: by number.
    """

    pickled: bytes
    named: Sequence[Named]


def packed(it: Any) -> tuple[bytes, list[Path]]:
    """Pickled, and what is named in it."""
    stream = BytesIO()
    packer = _Packer(stream)
    packer.dump(it)
    return stream.getvalue(), list(packer.named)


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


class Unpacker(pickle.Unpickler):
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
