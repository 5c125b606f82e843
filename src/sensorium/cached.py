"""Files that are made once for all clones, and looked at whenever they are used."""

from collections.abc import Callable
from pathlib import Path

from sensorium.files import replacing, set_aside, sha256

DIGEST = "sha256"


def made_once(path: Path, make: Callable[[Path], None]) -> Path:
    """Returns a file that ``make`` wrote at some time; one that is not as it was written is set aside and made again.

    Args:
        path: of the file, in a folder of its own, where its digest lies beside it.
        make: writes the file at the place that it is given.
    """
    folder, digest = path.parent, path.with_name(DIGEST)
    if folder.exists():
        if path.is_file() and digest.is_file() and digest.read_bytes() == sha256(path).encode():
            return path
        set_aside(folder, "and is made again")
    with replacing(folder) as beside:
        beside.mkdir()
        make(beside / path.name)
        (beside / DIGEST).write_text(sha256(beside / path.name))
    return path
