"""Files that name a model: models/champion.json and models/challenger.json.

Only *there is none yet* means none. A file that is empty, in conflict, cut off, gone or not to be read says nothing of
which model is to be served, and is never taken for one that names none.
"""

import json
import re
import subprocess
from dataclasses import dataclass, fields
from functools import lru_cache
from pathlib import Path

from sensorium.errors import UserError, reason

NAME = re.compile(r"[\w.+-]*")  # of versions and digests: parts of a path, never a path


@dataclass(frozen=True)
class Champion:
    """What models/champion.json says: the file that `dvc repro` sees change when another model is promoted.

    Attributes:
        version: in the registry.
        commit: what it was made from.
        model_version: of its artefact.
        settings: digest of how it is served (serve.json).
    """

    version: str
    commit: str
    model_version: str
    settings: str = ""


def read(path: Path) -> Champion | None:
    """The model that a file names; ``None`` where the file, or no file, says that there is none yet.

    Raises:
        UserError: if the file cannot be read, or git has one that names a model.
    """
    named, changed = None, None
    try:
        if path.exists() and not path.is_file():
            raise _unread(path, "it is no file")
        text, changed = path.read_text(encoding="utf-8"), path.stat().st_mtime_ns
        named = parse(text, path)
    except FileNotFoundError:
        pass  # which may be none yet
    except (OSError, ValueError) as error:
        raise _unread(path, reason(error)) from error
    if named is None and (committed := _committed(path.absolute(), changed)):
        what = f"{path} is not there" if changed is None else f"{path} names no model"
        raise UserError(f"{what}, but git has it, naming {committed}; `git checkout HEAD -- {path}` brings it back.")
    return named


def parse(text: str, path: Path) -> Champion | None:
    """The model that a file's text names.

    Raises:
        UserError: if it is no such text.
    """
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _unread(path, f"it is no JSON: {reason(error)}") from error
    if not isinstance(content, dict) or "version" not in content:
        raise _unread(path, "it has no key 'version'")
    if content["version"] is None:
        return None
    values = {field.name: content.get(field.name, "") for field in fields(Champion)}
    for name, value in values.items():
        if not isinstance(value, str) or not NAME.fullmatch(value) or (not value and name != "settings"):
            raise _unread(path, f"{name} is {value!r:.80}")
    return Champion(**values)


def _unread(path: Path, why: str) -> UserError:
    return UserError(
        f"{path} cannot be read ({why}), so it is not known which model it names; make it what it was "
        f"(`git checkout HEAD -- {path}`, or a commit before), or promote a model."
    )


@lru_cache(maxsize=8)
def _committed(path: Path, _: int | None) -> str:
    """The version that the last commit's file names, asked once for every change of the file; empty if none."""
    try:
        done = subprocess.run(["git", "show", f"HEAD:./{path.name}"], cwd=path.parent, capture_output=True, check=False)
        content = json.loads(done.stdout) if done.returncode == 0 else {}
        return str(content.get("version") or "")
    except (OSError, ValueError, AttributeError):  # no git, no folder, or no such text there either
        return ""
