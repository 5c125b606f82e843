"""Keeps the user's own media and large tables out of git, so that DVC versions them.

Files that git tracks already, that other lines of .gitignore name, or that are outside the repository are left alone.
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
MOST_NAMED = 3  # files of one suffix in a folder that are listed; for more there is a pattern
SPECIAL = re.compile(r"([\\*?\[\]]| (?= *$))")  # in a line of .gitignore


def keep_out_of_git(files: OwnFiles) -> list[Path]:
    """Adds lines to the .gitignore beside the table for all that `git add --all` would add.

    Returns:
        The folders and files, relative to the repository, that were added.
    """
    if not files.folder.is_relative_to(Path.cwd()):
        return []
    try:
        hidden = _largest_places(files, listed(files.folder, "--others", "--exclude-standard"))
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
    """Folders and files, relative to the repository, that are kept out of git and not yet tracked by DVC."""
    ignored = files.folder / IGNORED
    if not (files.folder.is_relative_to(Path.cwd()) and ignored.is_file()):
        return []
    lines = set(ignored.read_text(encoding="utf-8").splitlines())
    kept_out = [path for path in _largest_places(files) if _line(files.folder, path) in lines]
    if not kept_out:
        return []
    from dvc.repo import Repo

    with Repo() as repository:
        outs = {Path(out.fs_path) for out in repository.index.outs}
    return [path.relative_to(Path.cwd()) for path in kept_out if not outs & {path, *path.parents}]


def dvc_add(found: Sequence[Path], program: str = "dvc") -> str:
    """The `dvc add` command for what `keep_out_of_git` or `unversioned` returned."""
    words: list[str] = []
    for (parent, suffix), alike in groupby(sorted(found, key=_sort), _sort):
        named = [shlex.quote(str(path)) for path in alike]
        pattern = f"{shlex.quote(str(parent))}/*{shlex.quote(suffix)}"
        words += [pattern] if suffix and len(named) > MOST_NAMED else named
    return " ".join([program, "add", *words])


def _sort(path: Path) -> tuple[Path, str]:
    return path.parent, "" if path.is_dir() else path.suffix


def _largest_places(files: OwnFiles, among: Collection[Path] | None = None) -> list[Path]:
    """The largest folders below the table's that hold only such files; single files where there is no such folder.

    Args:
        files: of the user; media or tables of which git tracks some are left out.
        among: only these files count, if given.
    """
    tracked = listed(files.folder, "--cached")
    kinds = [kind for kind in (files.media, files.tables) if tracked.isdisjoint(kind)]
    never = {files.folder} | {parent.absolute() for place in (paths.RAW, paths.PACKAGED) for parent in place.parents}
    never |= {parent for path in tracked for parent in path.parents}
    return sorted({_largest(path, never) for kind in kinds for path in kind if among is None or path in among})


def _largest(path: Path, never: Collection[Path]) -> Path:
    while path.parent not in never:
        path = path.parent
    return path


def _line(folder: Path, path: Path) -> str:
    """The line of .gitignore that matches this path only."""
    return "/" + SPECIAL.sub(r"\\\1", path.relative_to(folder).as_posix())
