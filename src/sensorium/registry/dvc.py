"""Reads files that DVC tracks as they were at a commit."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sensorium.errors import UserError


def checkout(commit: str, path: Path, to: Path) -> None:
    """Copies a file or folder as it was at a commit.

    Raises:
        UserError: if neither the cache nor a remote has it.
    """
    with _files(commit, path) as files:
        files.get(str(path), str(to), recursive=files.isdir(str(path)))


def read(commit: str, path: Path) -> str:
    """The text of a file as it was at a commit.

    Raises:
        UserError: if neither the cache nor a remote has it.
    """
    with _files(commit, path) as files:
        return files.read_text(str(path))


def has(commit: str, path: Path) -> bool:
    """Whether DVC tracks a file at a commit.

    Raises:
        UserError: if neither the cache nor a remote can tell.
    """
    with _files(commit, path) as files:
        return files.exists(str(path))


@contextmanager
def _files(commit: str, path: Path) -> Iterator[Any]:
    from dvc.exceptions import DvcException
    from dvc.fs.dvc import DVCFileSystem
    from dvc.repo import Repo
    from dvc.repo.brancher import switch
    from dvc_data.index import DataIndexDirError
    from scmrepo.exceptions import SCMError

    try:
        # DVC's own file system of a commit sees no project in a folder of a larger repository, and no cache or remote
        # that only this clone's settings (.dvc/config.local) name.
        with Repo() as repository, switch(repository, commit):
            yield DVCFileSystem(repo=repository)
    except (DvcException, DataIndexDirError, SCMError, OSError) as error:
        raise UserError(
            f"{path} of commit {commit[:8]} is neither in DVC's cache nor in a remote ({error}); "
            "run `git fetch` and `dvc fetch --all-tags` where they are."
        ) from error
