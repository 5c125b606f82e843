"""A process that works on pieces: how it holds threads and memory, and, on another machine, where it stands."""

import hashlib
import os
import platform
from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

from sensorium.errors import UserError
from sensorium.memory import keep_freed

PACKAGE = Path(__file__).parents[1]
_alone = Lock()  # the working directory is that of a whole process


class Workplace(ABC):
    """How a piece comes to workers on other machines, and what they made of it comes back."""

    def __init__(self) -> None:
        self.code = code()

    @abstractmethod
    def pack(self, function: Callable[[Any], Any], piece: Any) -> Any:
        """What is sent to a worker, to `do` there."""

    @abstractmethod
    def do(self, packed: Any) -> Any:
        """On the worker: what is sent back. The same may be done twice, even at once, and each may be killed."""

    @abstractmethod
    def take(self, done: Any) -> Any:
        """The result, once all files that were written are where the function wanted them."""


def work(workplace: Workplace, packed: Any) -> Any:
    """On a worker: does a piece; its threads take turns.

    Args:
        workplace: how it came here.
        packed: it.

    Raises:
        UserError: if this process has other code than the command.
    """
    if workplace.code != code():
        raise UserError(
            f"The worker on {platform.node()} runs other code of Sensorium than this command; install the same "
            "there, and start its workers again."
        )
    with _alone:
        settle()
        return workplace.do(packed)


@cache
def settle() -> None:
    """One thread, since there is a process for every core, and freed memory is kept."""
    keep_freed()
    os.environ |= {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}


@cache
def code() -> str:
    """Digest of this package's code; a worker that began before a change still has the one before."""
    digest = hashlib.sha256()
    for path in sorted(PACKAGE.rglob("*.py")):
        digest.update(f"{path.relative_to(PACKAGE)}\n".encode() + path.read_bytes())
    return digest.hexdigest()
