"""Git commands. The project may be the whole repository or a folder of a larger one."""

import os
import subprocess
from pathlib import Path

from sensorium import disk
from sensorium.errors import UserError


def git(*arguments: str) -> str:
    """Runs a git command and returns its output.

    Raises:
        UserError: with git's own words, if it fails.
    """
    return _output(*arguments).strip()


def _output(*arguments: str) -> str:
    try:
        done = subprocess.run(["git", *arguments], capture_output=True, check=False)
    except FileNotFoundError as error:
        raise UserError("git is not installed; model versions are kept in it.") from error
    output, error_output = os.fsdecode(done.stdout), os.fsdecode(done.stderr)  # a file's name need not be UTF-8
    if done.returncode:
        words = " ".join((error_output or output).split()) or f"status {done.returncode}"
        failed = UserError(f"`git {' '.join(arguments[:2])}` failed: {words}")
        disk.raise_if_full(Path(), failed)
        raise failed
    return output


def listed(folder: Path, *which: str) -> set[Path]:
    """Files in a folder, as `git ls-files` lists them.

    Args:
        folder: in the repository.
        which: options, such as ``--cached``.

    Raises:
        UserError: if this is no git repository.
    """
    names = _output("ls-files", "-z", *which, "--", str(folder)).split("\0")
    return {Path.cwd() / name for name in names if name}


def head() -> str:
    """The commit that is checked out.

    Raises:
        UserError: if this is no git repository, or has no commit.
    """
    try:
        return git("rev-parse", "--verify", "HEAD")
    except UserError as error:
        raise UserError("this is no git repository with a commit; model versions are tags on commits.") from error


def folder() -> str:
    """The project's folder in the repository, with a slash at its end; empty where it is the whole repository."""
    return git("rev-parse", "--show-prefix")


def show(commit: str, path: Path) -> str:
    """The text of a file of the project, as git has it at a commit.

    Raises:
        UserError: if the commit has no such file.
    """
    return git("show", f"{commit}:./{path}")


def refuse_dirty(doing: str, but: str = "") -> None:
    """Refuses to go on if files of the project are not committed.

    Args:
        doing: what needs a clean tree, for the message.
        but: a file that may differ.

    Raises:
        UserError: naming files of the project that differ from the last commit or are not in it.
    """
    entries = _output("status", "--porcelain", "-z", "--no-renames", "--", ".").split("\0")
    above = folder()  # git tells names from the root of the repository
    names = [entry[3:].removeprefix(above) for entry in entries if entry]
    if names := [name for name in names if name != but]:
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        raise UserError(
            f"{doing} needs a clean tree, so that the version can be traced: {', '.join(names[:3])}{more} "
            f"{'is' if len(names) == 1 else 'are'} not committed; commit first (`git add --all && git commit`)."
        )


def commit(path: Path, message: str) -> None:
    """Commits one file.

    Raises:
        UserError: if git refuses, for want of a name and an address for instance.
    """
    git("add", str(path))
    git("commit", "--quiet", "--message", message, "--", str(path))


def commit_changed(path: Path, message: str) -> None:
    """Commits a file or folder, if it differs from the last commit.

    Raises:
        UserError: if git refuses.
    """
    if git("status", "--porcelain", "--", str(path)):
        commit(path, message)


def restore(path: Path) -> None:
    """Restores a file from the last commit, if it is there.

    Raises:
        UserError: if git refuses.
    """
    if git("ls-files", str(path)):
        git("checkout", "--quiet", "HEAD", "--", str(path))
