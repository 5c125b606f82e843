"""Writing files so that a failure leaves the old one, and reading them with errors that name the file."""

import hashlib
import json
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sensorium.errors import UserError

DIGITS = 6  # of figures in metrics/


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yields a place beside ``path`` to write a file or a folder to; it takes the place of ``path`` on success only."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        yield beside
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        beside.replace(path)
    finally:
        remove(beside)


def remove(path: Path) -> None:
    """Removes a file, or a folder with all that is in it, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def set_aside(path: Path, then: str) -> None:
    """Keeps something damaged under another name, in place of what was kept so before, and says so on standard error.

    Args:
        path: a file or a folder.
        then: the end of the sentence.
    """
    aside = path.with_name(f"{path.name}.damaged")
    remove(aside)
    path.rename(aside)
    print(f"warning: {path} was damaged; it is kept as {aside.name}, {then}.", file=sys.stderr)


def detach(path: Path) -> None:
    """Makes a file that is to be written in place one of its own, if it is there.

    DVC may have linked it to its cache (``cache.type``): what is written through a link is lost to all versions there.
    """
    if path.is_symlink() or (path.is_file() and path.stat().st_nlink > 1):
        with replacing(path) as beside:
            shutil.copyfile(path, beside)


def write_json(path: Path, content: Any) -> None:
    """Writes ``content`` as indented JSON with the keys in the order given."""
    with replacing(path) as beside:
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
