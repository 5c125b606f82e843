"""What files hold, in a line: equal content has equal fingerprints, wherever it lies."""

import hashlib
import json
import os
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from sensorium import paths
from sensorium.files import sha256
from sensorium.records import Records

SETTLED = 2 * 10**9  # nanoseconds after which another change of a file shows in its times, on any file system
State = tuple[int, int, int, int]


def fingerprint(files: Mapping[str, Path | None]) -> dict[str, Any]:
    """How many files there are, how many of them are absent, and a digest of all their names and content.

    Args:
        files: by a name that is the same on every machine; ``None`` for one that is named somewhere and not there.
    """
    digests = _digests([path for path in files.values() if path is not None])
    total = hashlib.sha256()
    for name in sorted(files):
        path = files[name]
        digest = digests.get(path, "") if path else ""
        total.update(f"{digest} {name}\0".encode("utf-8", "surrogatepass"))
    absent = len(files) - sum(path in digests for path in files.values())
    return {"files": len(files) - absent, "absent": absent, "sha256": total.hexdigest()}


def below(folder: Path) -> dict[str, Path | None]:
    """All files in a folder and the folders in it, by their path in it; what begins with a dot is left out."""
    found: dict[str, Path | None] = {}
    seen = set()  # links may lead round in circles
    for place, folders, names in os.walk(folder, followlinks=True):
        real = os.path.realpath(place)
        folders[:] = [] if real in seen else [name for name in folders if not name.startswith(".")]
        files = [] if real in seen else [Path(place, name) for name in names if not name.startswith(".")]
        found |= {str(path.relative_to(folder)): path for path in files}
        seen.add(real)
    return found


def _digests(files: Iterable[Path]) -> dict[Path, str]:
    """SHA-256 of those files that are there; what was read once and is as it was is not read again."""
    states = {path: state for path in files if (state := _state(path))}
    known = _Known()
    kept = known.get(states)
    now = time.time_ns()
    hashed = {path: sha256(path) for path in states if path not in kept}
    # What was written just now may be written again without a change of its times.
    known.put({path: (states[path], hashed[path]) for path in hashed if now - max(states[path][1:3]) > SETTLED})
    return {**kept, **hashed}


def _state(path: Path) -> State | None:
    """What changes when a file is written or replaced: size, times, and which file it is."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino


class _Known:
    """Digests of files that were read before, in the user's cache."""

    def __init__(self) -> None:
        self._records = Records(paths.cache() / "digests")

    def get(self, states: Mapping[Path, State]) -> dict[Path, str]:
        """The digests of files that are in the same state as they were then."""
        by_name = {_name(path): path for path in states}
        found = {by_name[name]: json.loads(line) for name, line in self._records.get(by_name).items()}
        return {path: digest for path, (state, digest) in found.items() if tuple(state) == states[path]}

    def put(self, found: Mapping[Path, tuple[State, str]]) -> None:
        """Keeps digests with the state of their files."""
        if found:
            self._records.put({_name(path): json.dumps(state).encode() for path, state in found.items()})


def _name(path: Path) -> bytes:
    return os.fsencode(path.absolute())
