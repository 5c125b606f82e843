"""Workers that see the folder of the project and the cache under the same paths as the command."""

import os
import pickle
import platform
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sensorium import paths
from sensorium.engine.worker import Workplace
from sensorium.errors import UserError
from sensorium.files import temporary


class SharedDisk(Workplace):
    """Folders that every worker sees under the same paths: pieces find their files there, and leave others there.

    Args:
        root: of the project, which relative paths are relative to.
        cache: as `paths.cache` has it.
        marks: a folder in each of both that is there as long as work goes on.
    """

    def __init__(self, root: Path, cache: Path, marks: tuple[Path, Path]) -> None:
        super().__init__()
        self._folders = {root: marks[0], cache: marks[1]}
        self._root, self._cache = root, cache

    @classmethod
    @contextmanager
    def here(cls) -> Iterator["SharedDisk"]:
        """That of this process, marked as long as this lasts."""
        root, folder = Path.cwd(), paths.cache().absolute()
        folder.mkdir(parents=True, exist_ok=True)
        with temporary(root) as one, temporary(folder) as other:
            yield cls(root, folder, (one, other))

    def pack(self, function: Callable[[Any], Any], piece: Any) -> bytes:
        """Pickled, since they may be found by the working directory only."""
        return pickle.dumps((function, piece))

    def do(self, packed: bytes) -> Any:
        """The result, in the folder of the project.

        Raises:
            UserError: if this process does not see the folders.
        """
        for folder, mark in self._folders.items():
            if not mark.is_dir():
                raise UserError(
                    f"The worker on {platform.node()} does not see {folder} as it is here; every worker needs this "
                    "folder, shared, under the same path, or engine.share names a store (docs/scaling.md)."
                )
        os.chdir(self._root)
        with _cache_at(self._cache):
            function, piece = pickle.loads(packed)
            return function(piece)

    def take(self, done: Any) -> Any:
        """It is there."""
        return done


@contextmanager
def _cache_at(folder: Path) -> Iterator[None]:
    """The worker's own is that of pieces that come to it in another way."""
    own = os.environ.get("SENSORIUM_CACHE")
    os.environ["SENSORIUM_CACHE"] = str(folder)
    try:
        yield
    finally:
        if own is None:
            del os.environ["SENSORIUM_CACHE"]
        else:
            os.environ["SENSORIUM_CACHE"] = own
