"""A process that works on pieces: how it holds threads and memory, and, on another machine, where it stands."""

import hashlib
import os
import pickle
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

from sensorium import paths
from sensorium.errors import UserError
from sensorium.files import temporary
from sensorium.memory import keep_freed

PACKAGE = Path(__file__).parents[1]
_alone = Lock()  # the working directory is that of a whole process


@dataclass(frozen=True)
class Workplace:
    """Where pieces are worked on: folders that every worker has to see under the same paths.

    Attributes:
        root: of the project, which relative paths are relative to.
        cache: as `paths.cache` has it.
        marks: a folder in each of both that is there as long as work goes on.
        code: digest of the code that runs here.
    """

    root: Path
    cache: Path
    marks: tuple[Path, Path]
    code: str

    def enter(self) -> None:
        """Stands in the folder of the project.

        Raises:
            UserError: if this process does not see the folders, or has other code.
        """
        for folder, mark in zip((self.root, self.cache), self.marks, strict=True):
            if not mark.is_dir():
                raise UserError(
                    f"The worker on {platform.node()} does not see {folder} as it is here; every worker needs this "
                    "folder, shared, under the same path (docs/scaling.md)."
                )
        if self.code != _code():
            raise UserError(
                f"The worker on {platform.node()} runs other code of Sensorium than this command; install the same "
                "there, and start its workers again."
            )
        os.chdir(self.root)
        os.environ["SENSORIUM_CACHE"] = str(self.cache)
        settle()


@contextmanager
def workplace_here() -> Iterator[Workplace]:
    """The workplace of this process, marked as long as work goes on."""
    root, folder = Path.cwd(), paths.cache().absolute()
    folder.mkdir(parents=True, exist_ok=True)
    with temporary(root) as one, temporary(folder) as other:
        yield Workplace(root, folder, (one, other), _code())


def work(workplace: Workplace, pickled: bytes) -> Any:
    """Gives the result of a piece; threads of a worker take turns.

    Args:
        workplace: where.
        pickled: the function and its piece, which are read there: they may be found by the working directory.
    """
    with _alone:
        workplace.enter()
        function, piece = pickle.loads(pickled)
        return function(piece)


@cache
def settle() -> None:
    """One thread, since there is a process for every core, and freed memory is kept."""
    keep_freed()
    os.environ |= {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}


@cache
def _code() -> str:
    """Digest of this package's code; a worker that began before a change still has the one before."""
    digest = hashlib.sha256()
    for path in sorted(PACKAGE.rglob("*.py")):
        digest.update(f"{path.relative_to(PACKAGE)}\n".encode() + path.read_bytes())
    return digest.hexdigest()
