"""The content of requests, where `monitor.keep_content` asks for it: what a retrain from feedback learns from.

A file for every distinct value, named by its SHA-256, in a folder of bounded size. Nothing is kept otherwise.
"""

import hashlib
import json
import logging
import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock
from typing import Any

from sensorium.serving.metrics import LOST

FOLDER = "content"  # in that of the logs
MOST_WAITING = 64 * 2**20  # bytes, when the disk does not keep up
PART = 20  # of the granted disk may be written between two looks at how much there is
log = logging.getLogger("sensorium.serving")


def as_bytes(raw: Any) -> bytes:
    """A raw value of a request as it is kept."""
    if isinstance(raw, bytes):
        return raw
    return raw.encode() if isinstance(raw, str) else json.dumps(raw, sort_keys=True).encode()


class Content:
    """Kept values, written by a thread of their own.

    Args:
        folder: of the logs.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder / FOLDER
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="content")
        self._waiting = self._written = 0
        self._lock = Lock()  # samples are decoded in several threads

    def keep(self, values: Mapping[str, bytes], megabytes: int) -> dict[str, str]:
        """Keeps a sample's raw values, all of them or none; returns the name of each.

        Args:
            values: by input.
            megabytes: that the folder may take; the oldest go.
        """
        size = sum(map(len, values.values()))
        with self._lock:
            if self._waiting + size > MOST_WAITING:
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
        try:
            path = file(self._folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.exists():
                os.utime(path)  # asked for again: it is not the oldest any more
            else:
                beside = path.with_suffix(".new")
                beside.write_bytes(value)
                beside.replace(path)
            self._written += len(value)
            if self._written * PART >= megabytes * 2**20:
                _forget(self._folder, megabytes * 2**20 * (PART - 1) // PART)
                self._written = 0
        except OSError as error:
            LOST.inc()
            log.error("content cannot be kept: %s", error.strerror)
        finally:
            with self._lock:
                self._waiting -= len(value)


def file(folder: Path, name: str) -> Path:
    """Where a value of this name is kept."""
    return folder / name[:2] / name


def _forget(folder: Path, most: int) -> None:
    """Removes the oldest values until the others take no more than so many bytes."""
    found = sorted((entry.stat().st_mtime, entry.stat().st_size, entry) for entry in folder.glob("??/*"))
    surplus = sum(size for _, size, _ in found) - most
    for _, size, path in found:
        if surplus <= 0:
            break
        path.unlink()
        surplus -= size
