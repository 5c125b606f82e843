"""Files that are made once for all clones, and looked at whenever they are used."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock

from sensorium.files import replacing, set_aside, sha256

DIGEST = "sha256"


def made_once(path: Path, make: Callable[[Path], None]) -> Path:
    """Returns a file that ``make`` wrote at some time; one that is not as it was written is set aside and made again.

    Args:
        path: of the file, in a folder of its own, where its digest lies beside it.
        make: writes the file at the place that it is given.
    """
    if _is_whole(path):
        return path
    with alone(path.parent):
        if _is_whole(path):  # another process made it meanwhile
            return path
        if path.parent.exists():
            set_aside(path.parent, "and is made again")
        with replacing(path.parent) as beside:
            beside.mkdir()
            make(beside / path.name)
            (beside / DIGEST).write_text(sha256(beside / path.name))
    return path


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Waits until no other process, of this clone or another, makes a folder that they share."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.with_name(f".{folder.name}.lock")):
        yield


def _is_whole(path: Path) -> bool:
    digest = path.with_name(DIGEST)
    return path.is_file() and digest.is_file() and digest.read_bytes() == sha256(path).encode()
