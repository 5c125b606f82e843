"""Reads files that DVC tracks as they were at a commit."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sensorium.errors import UserError


class Past:
    """Files of a commit, from DVC's cache or a remote.

    Args:
        files: DVC's file system of the commit.
    """

    def __init__(self, files: Any) -> None:
        self._files = files
        self.asked = "what DVC keeps"  # the last file

    def checkout(self, path: Path, to: Path) -> None:
        """Copies a file or folder."""
        name = self._name(path)
        self._files.get(name, str(to), recursive=self._files.isdir(name))

    def read(self, path: Path) -> str:
        """The text of a file."""
        return self._files.read_text(self._name(path))

    def has(self, path: Path) -> bool:
        """Whether there is this file."""
        return self._files.exists(self._name(path))

    def _name(self, path: Path) -> str:
        self.asked = str(path)
        return self.asked


def checkout(commit: str, path: Path, to: Path) -> None:
    """Copies a file or folder as it was at a commit.

    Raises:
        UserError: if neither the cache nor a remote has it.
    """
    with at(commit) as past:
        past.checkout(path, to)


@contextmanager
def at(commit: str) -> Iterator[Past]:
    """What there was at a commit; DVC reads its own files once for all that is asked meanwhile.

    Raises:
        UserError: if neither the cache nor a remote has what is asked for.
    """
    from dvc.exceptions import DvcException
    from dvc.fs.dvc import DVCFileSystem
    from dvc.repo import Repo
    from dvc.repo.brancher import switch
    from dvc_data.index import DataIndexDirError
    from scmrepo.exceptions import SCMError

    past = Past(None)
    try:
        # DVC's own file system of a commit sees no project in a folder of a larger repository, and no cache or remote
        # that only this clone's settings (.dvc/config.local) name.
        with Repo() as repository, switch(repository, commit):
            past = Past(DVCFileSystem(repo=repository))
            yield past
    except (DvcException, DataIndexDirError, SCMError, OSError) as error:
        raise UserError(
            f"{past.asked} of commit {commit[:8]} is neither in DVC's cache nor in a remote ({error}); "
            "run `git fetch` and `dvc fetch --all-tags` where they are."
        ) from error
