"""The content of requests, where `monitor.keep_content` asks for it: what a retrain from feedback learns from.

A file for every distinct value, named by its SHA-256, in a folder of bounded size. Nothing is kept otherwise.
"""

import hashlib
import json
import logging
import math
import os
import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Any

from sensorium.files import remove, replacing
from sensorium.serving.metrics import LOST

FOLDER = "content"  # in that of the logs
NAME = re.compile(r"[0-9A-Za-z]{1,64}")
BLOCK = 4096  # bytes of disk that the smallest value takes
MOST_WAITING = 64 * 2**20  # bytes of disk, when it does not keep up
PART = 20  # of the granted disk may be written between two looks at how much there is
log = logging.getLogger("sensorium.serving")


def as_bytes(raw: Any) -> bytes:
    """A raw value of a request as it is kept; lone surrogates, which JSON may hold, as question marks."""
    if isinstance(raw, bytes):
        return raw
    return raw.encode("utf-8", "replace") if isinstance(raw, str) else json.dumps(raw, sort_keys=True).encode()


class Content:
    """Kept values, written by a thread of their own.

    Args:
        folder: of the logs.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder / FOLDER
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="content")
        self._waiting = 0
        self._written = math.inf  # since the last look: what earlier processes left is not known before the first
        self._lock = Lock()  # samples are decoded in several threads

    def keep(self, values: Mapping[str, bytes], megabytes: int) -> dict[str, str]:
        """Keeps a sample's raw values, all of them or none; returns the name of each.

        Args:
            values: by the names that they were given under.
            megabytes: of disk that the folder may take; the oldest go.
        """
        size = sum(map(_on_disk, values.values()))
        with self._lock:
            if self._waiting + size > MOST_WAITING or size > _kept(megabytes):
                LOST.inc()
                return {}
            self._waiting += size
        names = {name: hashlib.sha256(value).hexdigest() for name, value in values.items()}
        for name, value in values.items():
            self._thread.submit(self._write, names[name], value, megabytes)
        return names

    def close(self) -> None:
        """Writes what waits."""
        self._thread.shutdown()

    def _write(self, name: str, value: bytes, megabytes: int) -> None:
        path = file(self._folder, name)
        try:
            try:
                os.utime(path)  # asked for again: it is not the oldest any more
            except FileNotFoundError:
                self._make_room(_on_disk(value), megabytes)
                with replacing(path) as beside:
                    beside.write_bytes(value)
        except OSError as error:
            LOST.inc()
            log.error("content cannot be kept: %s", error.strerror)
        finally:
            with self._lock:
                self._waiting -= _on_disk(value)

    def _make_room(self, size: int, megabytes: int) -> None:
        """Looks at the disk where what was written since the last look, and this, may be too much for it."""
        self._written += size
        if self._written * PART > megabytes * 2**20:
            _forget(self._folder, _kept(megabytes) - size)
            self._written = 0


def file(folder: Path, name: str) -> Path:
    """Where a value of this name is kept."""
    return folder / name[:2] / name


def find(folder: Path, name: str) -> Path | None:
    """The file of a kept value, whichever replica kept it; none if it is not there, or not any more.

    Args:
        folder: of the logs, or of such folders, one for each replica.
        name: as a record has it; a damaged record may have anything.
    """
    if not NAME.fullmatch(name):
        return None
    beside = file(folder / FOLDER, name)
    if beside.is_file():
        return beside
    return next((path for place in folder.glob(f"*/{FOLDER}") if (path := file(place, name)).is_file()), None)


def _kept(megabytes: int) -> int:
    """Bytes of disk that stay after a look; the rest may be written until the next."""
    return megabytes * 2**20 * (PART - 1) // PART


def _on_disk(value: bytes) -> int:
    """Bytes of disk that a value takes: whole blocks, and one at least."""
    return max(1, math.ceil(len(value) / BLOCK)) * BLOCK


def _forget(folder: Path, most: int) -> None:
    """Removes the oldest values until the others take no more than so many bytes of disk."""
    found = []
    for path in folder.glob("??/[!.]*"):
        with suppress(FileNotFoundError):  # somebody tidies up meanwhile
            state = path.stat()
            found.append((state.st_mtime, max(BLOCK, state.st_blocks * 512), path))
    surplus = sum(size for _, size, _ in found) - most
    for _, size, path in sorted(found):
        if surplus <= 0:
            break
        remove(path)
        surplus -= size
