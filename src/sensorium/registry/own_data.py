"""The user's own media, and a table that is large: kept out of git, and left to DVC to version.

What git tracks is there by its owner's choice and is left alone, as is what other lines of .gitignore name, and all
that lies outside the repository.
"""

import re
import shlex
from collections.abc import Collection, Sequence
from itertools import groupby
from pathlib import Path

from sensorium import paths
from sensorium.errors import UserError
from sensorium.files import replacing
from sensorium.registry.git import listed
from sensorium.sources.source import OwnFiles

IGNORED = ".gitignore"
MOST_NAMED = 3  # files of one suffix in a folder; more of them are named by a pattern
SPECIAL = re.compile(r"([\\*?\[\]]| (?= *$))")  # in a line of .gitignore


def keep_out_of_git(files: OwnFiles) -> list[Path]:
    """Writes into the .gitignore beside the table what `git add --all` would put into git.

    Returns:
        Folders and files, relative to the repository, that it names from now on.
    """
    if not files.folder.is_relative_to(Path.cwd()):
        return []
    try:
        hidden = _holders(files, listed(files.folder, "--others", "--exclude-standard"))
    except UserError:  # there is no git here
        return []
    if hidden:
        path = files.folder / IGNORED
        lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
        with replacing(path) as beside:
            added = sorted(_line(files.folder, one) for one in hidden)
            beside.write_text("".join(f"{line}\n" for line in [*lines, *added]), encoding="utf-8")
    return [path.relative_to(Path.cwd()) for path in hidden]


def unversioned(files: OwnFiles) -> list[Path]:
    """Folders and files, relative to the repository, that were kept out of git and that DVC does not know yet."""
    ignored = files.folder / IGNORED
    if not (files.folder.is_relative_to(Path.cwd()) and ignored.is_file()):
        return []
    lines = set(ignored.read_text(encoding="utf-8").splitlines())
    kept_out = [path for path in _holders(files) if _line(files.folder, path) in lines]
    if not kept_out:
        return []
    from dvc.repo import Repo

    with Repo() as repository:
        outs = {Path(out.fs_path) for out in repository.index.outs}
    return [path.relative_to(Path.cwd()) for path in kept_out if not outs & {path, *path.parents}]


def dvc_add(found: Sequence[Path], program: str = "dvc") -> str:
    """The command that makes versions of what `keep_out_of_git` or `unversioned` found."""
    words: list[str] = []
    for (parent, suffix), alike in groupby(sorted(found, key=_sort), _sort):
        named = [shlex.quote(str(path)) for path in alike]
        pattern = f"{shlex.quote(str(parent))}/*{shlex.quote(suffix)}"
        words += [pattern] if suffix and len(named) > MOST_NAMED else named
    return " ".join([program, "add", *words])


def _sort(path: Path) -> tuple[Path, str]:
    return path.parent, "" if path.is_dir() else path.suffix


def _holders(files: OwnFiles, among: Collection[Path] | None = None) -> list[Path]:
    """The largest folders that hold such files and nothing of git's, below that of the table; else the files.

    Args:
        files: if git tracks some of the media, all of them are left out.
        among: others are left out, too.
    """
    tracked = listed(files.folder, "--cached")
    sorts = [sort for sort in (files.media, files.tables) if tracked.isdisjoint(sort)]
    shared = {files.folder} | {parent.absolute() for place in (paths.RAW, paths.PACKAGED) for parent in place.parents}
    shared |= {parent for path in tracked for parent in path.parents}
    return sorted({_largest(path, shared) for sort in sorts for path in sort if among is None or path in among})


def _largest(path: Path, shared: Collection[Path]) -> Path:
    while path.parent not in shared:
        path = path.parent
    return path


def _line(folder: Path, path: Path) -> str:
    """As DVC names its outs in .gitignore: this one and no other of the name."""
    return "/" + SPECIAL.sub(r"\\\1", path.relative_to(folder).as_posix())
