"""The one way in which files change: whole or not at all, whenever the process, the disk or the power ends.

What is written is made in a folder of the writer's own, ``.sensorium.*.new``, and moved to its place at one stroke.
What a killed process left is removed by the next one that writes there. A writer keeps its folder locked, and the
kernel unlocks it: so it does not matter that numbers of processes are used again, or that a writer runs in a container.
The folder's name tells the system, since no locks of others can be seen on a shared disk: what another machine made, or
this one before it was started again, is left alone until it is a day old.
"""

import hashlib
import json
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sensorium import disk
from sensorium.errors import UserError

DIGITS = 6  # of figures in metrics/
HOLDER, END = ".sensorium.", ".new"  # of such folders' names
OLDER = re.compile(rf"\.(.+)\.\d+\{END}")  # what versions before 0.4 made instead, of a file's name
ASIDE = ".aside"
OLD = 24 * 3600  # seconds, after which nobody writes on


@contextmanager
def replacing(path: Path, lasting: bool = False) -> Iterator[Path]:
    """Yields a place to write a file or a folder to; it takes the place of ``path`` on success only.

    Args:
        path: of a file or a folder, there or not.
        lasting: it is on the disk when this ends, and outlives a power cut. For what is the only copy; what a stage
            can make again need not wait for the disk.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with temporary(path.parent, path.name) as folder:
        beside = folder / path.name
        yield beside
        if lasting:
            disk.sync_all(beside)
        _move(beside, path)
        if lasting:
            disk.sync(path.parent)


@contextmanager
def temporary(parent: Path | None = None, name: str = "") -> Iterator[Path]:
    """Yields a folder of one's own that goes in the end; if this process is killed, with the next one that makes one.

    Args:
        parent: where it is made; the system's place for such folders if not given.
        name: of the file that is written there, if there is one.
    """
    parent = parent or Path(tempfile.gettempdir())
    sweep(parent, name)
    folder, lock = _hold(parent)
    try:
        yield folder
    except Exception as error:
        if not isinstance(error, UserError) or error.__cause__:
            disk.raise_if_full(parent, error)
        raise
    finally:
        _drop(folder)
        os.close(lock)


def place(beside: Path, path: Path) -> None:
    """Moves a file or a folder of a temporary one to where nothing is yet."""
    beside.rename(path)


def remove(path: Path) -> None:
    """Removes a file, or a folder with all that is in it, at one stroke, if it is there."""
    if path.is_symlink() or not path.is_dir():
        path.unlink(missing_ok=True)
        return
    try:
        with temporary(path.parent) as folder:
            path.rename(folder / path.name)
    except OSError:  # such as a full disk, which has no room for another folder either
        shutil.rmtree(path)


def create(path: Path, content: bytes) -> None:
    """Writes a file that only its owner may read, unless it is there: of several processes the first wins."""
    with temporary(path.parent) as folder:
        beside = folder / path.name
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as file:
            file.write(content)
        disk.sync(beside)
        with suppress(FileExistsError):
            os.link(beside, path)
        disk.sync(path.parent)


def append_line(path: Path, record: Mapping[str, Any]) -> None:
    """Adds a record to a file of JSON lines: it is on the disk when this ends, or not there.

    It stands on a line of its own even where a kill cut the last one off.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    line = json.dumps(record, ensure_ascii=False).encode(errors="replace") + b"\n"
    with path.open("ab+", buffering=0) as file:
        end = file.seek(0, os.SEEK_END)
        file.seek(max(0, end - 1))
        line = line if file.read(1) in (b"", b"\n") else b"\n" + line
        try:
            while line:
                line = line[file.write(line) :]
            os.fsync(file.fileno())
        except OSError:
            file.truncate(end)
            raise
    if not end:
        disk.sync(path.parent)


def sweep(parent: Path, name: str = "") -> None:
    """Removes what dead processes left in a folder; what cannot be removed stays.

    Args:
        parent: the folder.
        name: of a file there, beside which versions before 0.4 may have left ``.NAME.PROCESS.new``.
    """
    for path in parent.glob(f".*{END}"):
        with suppress(OSError):
            if (older := OLDER.fullmatch(path.name)) and older[1] == name and _is_old(path.lstat()):
                _drop(path)
            elif path.name.startswith(HOLDER) and path.is_dir() and not path.is_symlink():
                _sweep(path)


def _sweep(folder: Path) -> None:
    """Removes a writer's folder if that is dead, and puts back what it had taken away."""
    status = folder.stat()
    mine = folder.name.startswith(f"{HOLDER}{disk.system()}.")
    if status.st_uid != os.geteuid() or not (mine or _is_old(status)):
        return
    lock = disk.lock_free(folder)
    if lock is None:
        return
    try:
        for aside in (folder / ASIDE).glob("*"):
            if not os.path.lexists(folder.with_name(aside.name)):
                aside.rename(folder.with_name(aside.name))
        _drop(folder)
    finally:
        os.close(lock)


def _hold(parent: Path) -> tuple[Path, int]:
    """Makes a folder of one's own; returns it, and the descriptor that keeps it."""
    while True:
        folder = Path(tempfile.mkdtemp(END, f"{HOLDER}{disk.system()}.", parent))
        with suppress(FileNotFoundError):  # somebody swept it before it was locked
            return folder, disk.lock(folder)


def _is_old(status: os.stat_result) -> bool:
    return time.time() - status.st_mtime > OLD


def _move(beside: Path, path: Path) -> None:
    """Puts what stands beside in the place of a path: a file at one stroke, a folder where the system can.

    Where it cannot, a kill may leave nothing there until the next sweep, which puts back what stood there.
    """
    of_a_folder = beside.is_dir() or (path.is_dir() and not path.is_symlink())
    if not (of_a_folder and os.path.lexists(path)):
        beside.replace(path)
    elif not disk.exchange(beside, path):
        aside = beside.with_name(ASIDE) / path.name
        aside.parent.mkdir()
        path.rename(aside)
        try:
            beside.rename(path)
        except OSError:
            aside.rename(path)
            raise


def _drop(path: Path) -> None:
    """Removes what nobody needs, as far as it can be."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink()


def set_aside(path: Path, then: str) -> None:
    """Keeps something damaged under another name, in place of what was kept so before, and says so on standard error.

    Args:
        path: a file or a folder.
        then: the end of the sentence.
    """
    aside = path.with_name(f"{path.name}.damaged")
    if not os.path.lexists(path):  # another process saw it, too
        return
    remove(aside)
    try:
        path.rename(aside)
    except FileNotFoundError:
        return
    print(f"warning: {path} was damaged; it is kept as {aside.name}, {then}.", file=sys.stderr)


def detach(path: Path) -> None:
    """Makes a file that is to be written in place one of its own, if it is there.

    DVC may have linked it to its cache (``cache.type``): what is written through a link is lost to all versions there.
    """
    if path.is_symlink() or (path.is_file() and path.stat().st_nlink > 1):
        with replacing(path) as beside:
            shutil.copyfile(path, beside)


def write_json(path: Path, content: Any, lasting: bool = False) -> None:
    """Writes ``content`` as indented JSON with the keys in the order given; `replacing` says what lasts."""
    with replacing(path, lasting) as beside:
        beside.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def rounded(figures: Any) -> Any:
    """The same tree with floats cut to digits that mean something."""
    if isinstance(figures, dict):
        return {name: rounded(value) for name, value in figures.items()}
    if isinstance(figures, list):
        return [rounded(value) for value in figures]
    return round(figures, DIGITS) if isinstance(figures, float) else figures


def read_json(path: Path, made_by: str) -> Any:
    """Reads what the stage ``made_by`` wrote.

    Raises:
        UserError: if the file is not there.
    """
    return json.loads(existing(path, made_by).read_text(encoding="utf-8"))


def existing(path: Path, made_by: str) -> Path:
    """Returns ``path``.

    Raises:
        UserError: if nothing is there, naming the stage that makes it.
    """
    if not path.exists():
        raise UserError(f"{path} is not there; run `sensorium {made_by}` first, or `dvc repro` for all stages.")
    return path


def sha256(path: Path) -> str:
    """Hex digest of a file's bytes, read in pieces."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
