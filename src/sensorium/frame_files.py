"""Frames that are files of their own, in a folder or a list, as the one file of a clip: a ZIP of pictures."""

import io
import json
import os
import re
import zipfile
from collections.abc import Iterable
from itertools import islice
from pathlib import Path, PurePath

ZIP = b"PK\x03\x04"  # how a ZIP begins
PICTURES = re.compile(r"(?!__MACOSX/)(.*/)?[^./][^/]*\.(png|jpe?g|webp|gif|bmp|tiff?)", re.IGNORECASE)
DIGITS = re.compile(r"(\d+)")
MOST = 2**16 - 1  # files in a ZIP of the plain format
EARLIEST = (1980, 1, 1, 0, 0, 0)  # time that a ZIP can say
UNIX = 3


def in_order(name: str) -> list[tuple[int, str]]:
    """What names of frames are sorted by: numbers by their size, however long they are, so that 2 comes before 10."""
    return [_number(part) if part.isdecimal() else (-1, part) for part in DIGITS.split(name)]


def _number(digits: str) -> tuple[int, str]:
    significant = digits.lstrip("0")
    return len(significant), significant


def in_folder(folder: Path) -> list[str]:
    """The names of the pictures in a folder, in order; of more than `MOST` one more than these."""
    with os.scandir(folder) as entries:
        pictures = (entry.name for entry in entries if PICTURES.fullmatch(entry.name) and not entry.is_dir())
        return sorted(islice(sorted(pictures), MOST + 1), key=in_order)  # 1.png and 01.png in the same order everywhere


def listed(cell: str) -> list[str] | None:
    """The paths in a cell that holds a JSON list of some; ``None`` of one that does not."""
    if not cell.startswith("["):
        return None
    try:
        found = json.loads(cell)
    except (ValueError, RecursionError):
        return None
    return found if found and all(isinstance(one, str) for one in found) else None


def is_archive(raw: bytes) -> bool:
    """Whether a file is a ZIP with pictures in it."""
    if not raw.startswith(ZIP):
        return False
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            return any(map(PICTURES.fullmatch, archive.namelist()))
    except (zipfile.BadZipFile, NotImplementedError, ValueError):
        return False


def packed(frames: Iterable[tuple[str, bytes]]) -> bytes:
    """Pictures with their names as one file, which holds their order and nothing else of the names, or of when."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for place, (name, content) in enumerate(frames):
            info = zipfile.ZipInfo(f"{place:05}{PurePath(name).suffix.lower()}", EARLIEST)
            info.create_system = UNIX  # everywhere
            archive.writestr(info, content)
    return written.getvalue()
