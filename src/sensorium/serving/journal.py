"""What was predicted and which labels were given afterwards, as JSON lines in a folder of bounded size; never content.

``predictions.jsonl`` has a line for every sample and model (a challenger's has the role ``challenger``): its inputs
are described, projected onto the axes of the model's reference, and hashed so that equal ones can be recognised. The
hash is keyed with a secret: that of the deployment in the environment, else ``salt``, a file of the folder.
``feedback.jsonl`` has a line for every POST /feedback, with all its labels. Lines are written as they come: a killed
process loses none of them. Files are rotated by size. The folder and all in it are closed to other users.
"""

import hashlib
import json
import logging
import os
import queue
import secrets
import sys
from concurrent.futures import Future
from datetime import UTC, datetime
from logging.handlers import QueueHandler, QueueListener, RotatingFileHandler
from pathlib import Path
from typing import Any

from sensorium import private
from sensorium.errors import UserError
from sensorium.files import create
from sensorium.serving.metrics import LOST

VARIABLE = "SENSORIUM_LOG"
SECRET = "SENSORIUM_SALT"  # the variable; replicas that share it give equal values equal hashes
SHORTEST = 16  # characters of the secret
FOLDER = Path("data/served")
PREDICTIONS, FEEDBACK = "predictions.jsonl", "feedback.jsonl"
SALT = "salt"
KEPT = "kept"  # of a record in the queue: who waits for it
FILES = 16  # that the disk granted to the log of predictions is divided into
MOST_WAITING = 10_000  # records, when the disk does not keep up


class _Rotating(RotatingFileHandler):
    """A failed write is counted instead of printed, and told to who waits for it."""

    def emit(self, record: logging.LogRecord) -> None:
        super().emit(record)
        kept: Future[None] | None = getattr(record, KEPT, None)
        if kept and not kept.done():
            try:
                os.fsync(self.stream.fileno() if self.stream else -1)
                kept.set_result(None)
            except OSError:
                self.handleError(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        _lose(record, sys.exc_info()[1])


class _Queue(QueueHandler):
    """A full queue is counted; a request does not wait for the disk."""

    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        return record

    def enqueue(self, record: logging.LogRecord) -> None:
        try:
            self.queue.put_nowait(record)
        except queue.Full as full:
            _lose(record, full)


def _lose(record: logging.LogRecord, error: BaseException | None) -> None:
    LOST.inc()
    if kept := getattr(record, KEPT, None):
        kept.set_exception(error)


class _Listener(QueueListener):
    """Waits for a place in a full queue when it is to end; the standard one would give up."""

    def __init__(self, waiting: "queue.Queue[Any]", file: logging.Handler) -> None:
        super().__init__(waiting, file)
        self._waiting = waiting

    def enqueue_sentinel(self) -> None:
        self._waiting.put(None)


class Journal:
    """Both logs, written by a thread of their own.

    Args:
        folder: made if it is not there.
        megabytes: that the log of predictions may take; feedback is rarer and worth more, and may take as much.

    Raises:
        UserError: if the folder cannot be written to, or the secret in the environment is none.
    """

    def __init__(self, folder: Path, megabytes: int) -> None:
        self._listeners = []
        self._of: dict[str, QueueHandler] = {}
        require_writable(folder)
        self._salt = _shared_salt() or _salt(folder / SALT)
        for name in (PREDICTIONS, FEEDBACK):
            _end_line(folder / name)
            file = _Rotating(folder / name, "a", megabytes * 2**20 // FILES, FILES - 1, encoding="utf-8")
            waiting: queue.Queue[Any] = queue.Queue(MOST_WAITING)
            self._of[name] = _Queue(waiting)
            self._listeners.append(_Listener(waiting, file))
            self._listeners[-1].start()

    def write(self, name: str, record: dict[str, Any], kept: Future[None] | None = None) -> None:
        """Appends a record, with the time, to one of the logs."""
        line = json.dumps({"time": datetime.now(UTC).isoformat(timespec="milliseconds"), **record}, ensure_ascii=False)
        self._of[name].handle(logging.makeLogRecord({"msg": line, "levelno": logging.INFO, KEPT: kept}))

    def keep(self, name: str, record: dict[str, Any]) -> Future[None]:
        """The same for what is worth waiting for: done when the record is on the disk, failed where it cannot be."""
        kept: Future[None] = Future()
        kept.set_running_or_notify_cancel()  # who does not wait any more cannot end the thread that writes
        self.write(name, record, kept)
        return kept

    def hash_of(self, value: bytes) -> str:
        """A hash of a value, keyed with the salt: the same for equal values, and useless without the salt."""
        return hashlib.blake2b(value, digest_size=6, key=self._salt).hexdigest()

    def close(self) -> None:
        """Writes what waits."""
        for listener in self._listeners:
            listener.stop()
            for handler in listener.handlers:
                handler.close()


def _end_line(path: Path) -> None:
    """Ends a line that a power cut tore, or the next one would be lost with it."""
    with path.open("rb+") as file:
        if file.seek(0, os.SEEK_END) and (file.seek(-1, os.SEEK_END), file.read(1))[1] != b"\n":
            file.write(b"\n")


def _shared_salt() -> bytes:
    """The secret in the environment, if there is one, as a key of the hash.

    Raises:
        UserError: if it could be guessed.
    """
    secret = os.environ.get(SECRET, "")
    if not secret:
        return b""
    if len(secret) < SHORTEST:
        raise UserError(
            f"{SECRET} has fewer than {SHORTEST} characters and could be guessed; `openssl rand -hex 32` makes one."
        )
    return hashlib.sha256(os.fsencode(secret)).digest()


def _salt(path: Path) -> bytes:
    """The folder's secret, made when it is first asked for."""
    create(path, secrets.token_bytes(16))
    return path.read_bytes()


def require_writable(folder: Path) -> None:
    """Makes the folder of the logs, and looks whether what is needed to write them is there.

    Raises:
        UserError: if it cannot be written to, or the secret in the environment is none.
    """
    _shared_salt()
    try:
        with private.writing(folder):
            for name in (PREDICTIONS, FEEDBACK):
                (folder / name).open("a").close()
    except OSError as error:
        raise UserError(
            f"the log of predictions cannot be written to {folder} ({error.strerror}); name another folder in "
            f"{VARIABLE}."
        ) from error


def folder() -> Path:
    """Where the logs are kept."""
    return Path(os.environ.get(VARIABLE) or FOLDER)
