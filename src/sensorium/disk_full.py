"""Recognises a full disk among the errors of libraries, each of which reports it in words of its own."""

import errno
import re
from collections.abc import Iterator
from pathlib import Path

from sensorium.errors import reason

ERROR_NUMBERS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
MESSAGES = re.compile(  # of git, SQLite, safetensors and NumPy
    r"No space left on device|Out of diskspace|database or disk is full|Disk quota exceeded|File too large|"
    r"\d+ requested and \d+ written"
)


def explain(error: BaseException) -> str:
    """The sentence for the user if an error, or one that led to it, means that the disk is full; else an empty one."""
    for one in _causes(error):
        if isinstance(one, OSError) and one.errno in ERROR_NUMBERS:
            return f"{one.strerror}: {one.filename or Path.cwd()}; make room, and run it again."
        if MESSAGES.search(str(one)):
            return f"{reason(one)}; make room, and run it again."
    return ""


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error:
        yield error
        error = error.__cause__ or error.__context__
