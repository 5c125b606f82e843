"""The files that cells of a table name: those below one folder, and none outside it."""

import os
from functools import cache
from pathlib import Path, PurePath
from stat import S_ISREG
from typing import Any, Protocol
from unicodedata import normalize

from sensorium import frame_files
from sensorium.errors import BadInput, Cause

SHOWN = 200  # letters of a cell
BESIDE = "paths are relative to the folder of the table"


class Files(Protocol):
    """Files that cells of a table name, wherever they are kept."""

    def read(self, cell: Any, max_bytes: int) -> bytes:
        """The content of the file that a cell names.

        Raises:
            BadInput: if it names none that may be read, or one that is too large.
        """


class DataRoot:
    """A folder that cells name files below. What is asked about many of them looks at every folder on the way once.

    Links are followed inside the folder. Of those that lead outside, only the ones into the cache of the DVC repository
    that the folder is in are followed: DVC made them, of files that were there.

    Args:
        folder: cells are relative to it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = os.path.realpath(folder)
        self._real: dict[str, str] = {}

    def file(self, cell: Any) -> Path:
        """The file that a cell names.

        Raises:
            BadInput: if it names none, or one outside the folder.
        """
        if not isinstance(cell, str):
            raise BadInput(f"a path is expected, not {type(cell).__name__}")
        shown = _shown(cell)
        try:
            return self._plain_file(cell) or self._any_file(cell, shown)
        except BadInput:
            raise
        except (OSError, ValueError, RuntimeError) as error:  # too long, a null byte, a loop of links
            why = error.args[-1] if len(error.args) == 1 else error.args[1]
            raise BadInput(f"{shown} is no path ({why})") from error

    def read(self, cell: Any, max_bytes: int) -> bytes:
        """The content of the file that a cell names; of frames, that of one file which holds them all.

        Raises:
            BadInput: if it names none, one outside the folder, or one that is too large.
        """
        try:
            path = self.file(cell)
        except BadInput:
            if (frames := self.frames(cell)) is None:
                raise
            return self._packed(cell, frames, max_bytes)
        if path.stat().st_size > max_bytes:
            raise too_large(cell, max_bytes)
        return path.read_bytes()

    def frames(self, cell: Any) -> list[str] | None:
        """The pictures in the folder that a cell names, or in the list that it holds, as cells would name each.

        Returns:
            ``None`` where it is neither, or the folder is none below this one.
        """
        if not isinstance(cell, str):
            return None
        try:
            folder = (Path(self._folder) / _on_disk(Path(self._folder), cell)).resolve()
            if not (folder.is_dir() and Path(self._folder) in folder.parents):
                return frame_files.listed(cell)
            return [f"{cell}/{name}" for name in frame_files.in_folder(folder)]
        except (OSError, ValueError, RuntimeError):  # no path
            return frame_files.listed(cell)

    def _packed(self, cell: str, frames: list[str], max_bytes: int) -> bytes:
        shown = _shown(cell)
        if not frames:
            raise BadInput(f"{shown} is a folder without pictures; as a clip it has a picture a frame")
        if len(frames) > frame_files.MOST:
            raise BadInput(f"{shown} has more than {frame_files.MOST:,} frames")
        try:
            files = {name: self.file(name) for name in frames}
        except BadInput as problem:
            raise BadInput(f"a frame of {shown} cannot be had: {problem}") from problem
        sizes = {name: path.stat().st_size for name, path in files.items()}
        if sum(sizes[name] for name in frames) > max_bytes:
            raise too_large(cell, max_bytes)
        return frame_files.packed((name, files[name].read_bytes()) for name in frames)

    def _plain_file(self, cell: str) -> Path | None:
        """A file that is no link, in a folder inside; words rather than paths, since there may be very many."""
        parent, _, name = f"{self._folder}/{cell}".rpartition("/")
        if name == ".." or cell.startswith("/"):
            return None
        if parent not in self._real:
            self._real[parent] = os.path.realpath(parent)
        path = f"{self._real[parent]}/{name}"
        try:
            is_file = S_ISREG(os.lstat(path).st_mode)
        except OSError:
            return None
        return Path(path) if is_file and path.startswith(f"{self._folder}/") else None

    def _any_file(self, cell: str, shown: str) -> Path:
        folder = Path(self._folder)
        cell = _on_disk(folder, cell)
        path = (folder / cell).resolve()
        if path.is_relative_to(folder):
            if not path.is_file():
                raise absent(cell)
            return path
        link = _link_outside(folder, cell)
        if link is None:
            outside = Cause("the file", "lies outside the data root", cell[:SHOWN])
            raise BadInput(f"{shown} lies outside the data root", outside)
        kept = _dvc_cache(folder)
        if kept and path.is_relative_to(kept) and path.is_file():
            return link if link.resolve() == path else path
        name, target = link.relative_to(folder), link.readlink()
        if not path.exists():
            raise BadInput(f"file {shown} does not exist: {name} is a link to {target}, and it is not there")
        raise BadInput(
            f"{shown} leads outside the data root through a link: {name} leads to {target}; put the files themselves "
            "in its place (`cp --recursive --dereference`)"
        )


def _on_disk(root: Path, cell: str) -> str:
    """The cell as the disk has it: what is not there may be written in Windows' way, or with its accents apart."""
    for spelling in (cell, cell.strip().replace("\\", "/")):
        place = root
        for part in PurePath(spelling).parts:
            ways = (part, normalize("NFC", part), normalize("NFD", part))  # macOS writes NFD
            place = next((place / way for way in ways if (place / way).exists()), place / part)
        if place.exists():
            return spelling if place == root / spelling else str(place.relative_to(root))
    return cell


def _link_outside(folder: Path, cell: str) -> Path | None:
    """The link by which a path leaves the folder; nothing where it leaves it by its own words."""
    here = folder
    for part in PurePath(cell).parts:
        step = here / part
        here = step.resolve()
        if not here.is_relative_to(folder):
            return step if step.is_symlink() and step.is_relative_to(folder) else None
    return None


def absent(cell: str) -> BadInput:
    """What is said of a cell that names no file."""
    cause = Cause("the file", "does not exist", cell[:SHOWN], BESIDE)
    return BadInput(f"file {_shown(cell)} does not exist", cause)


def too_large(cell: str, max_bytes: int) -> BadInput:
    """What is said of a cell that names a file of more bytes than are looked at."""
    return BadInput(f"file {_shown(cell)} is larger than {max_bytes // 2**20} MiB")


def _shown(cell: str) -> str:
    return repr(cell if len(cell) < SHOWN else cell[:SHOWN] + "...")


@cache
def _dvc_cache(folder: Path) -> Path | None:
    """The cache of the DVC repository that a folder is in, if it is in one."""
    found = next((above / ".dvc" for above in (folder, *folder.parents) if (above / ".dvc").is_dir()), None)
    if found is None:
        return None
    try:
        from dvc.config import Config
    except ImportError:  # where models are only served
        return None
    return Path(Config(str(found))["cache"].get("dir") or found / "cache").resolve()
