"""A disk without room, by the errors of libraries: each says so in words of its own, and some say something else."""

import errno
import re
from collections.abc import Iterator
from pathlib import Path

from sensorium.errors import reason

NUMBERS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
WORDS = re.compile(  # of git, SQLite, safetensors and NumPy
    r"No space left on device|Out of diskspace|database or disk is full|Disk quota exceeded|File too large|"
    r"\d+ requested and \d+ written"
)


def lacking(error: BaseException) -> str:
    """What to tell the user where an error, or one that led to it, is a disk without room; else nothing."""
    for one in _causes(error):
        if isinstance(one, OSError) and one.errno in NUMBERS:
            return f"{one.strerror}: {one.filename or Path.cwd()}; make room, and run it again."
        if WORDS.search(str(one)):
            return f"{reason(one)}; make room, and run it again."
    return ""


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error:
        yield error
        error = error.__cause__ or error.__context__
