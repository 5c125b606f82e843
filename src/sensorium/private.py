"""What came from users is closed to others: folders 0700 and files 0600, whatever the umask, and whoever wrote it."""

import logging
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

UMASK = 0o077
FOLDER, FILE = 0o700, 0o600
log = logging.getLogger("sensorium.private")


@contextmanager
def writing(*folders: Path) -> Iterator[None]:
    """Makes folders that are closed to others, closes what they hold, and so is all that is written meanwhile.

    The umask is the whole process's: nothing of git or DVC belongs in here, whose files a team may share.
    """
    for folder in folders:
        folder.mkdir(FOLDER, parents=True, exist_ok=True)
        close(folder)
    before = os.umask(UMASK)
    try:
        yield
    finally:
        os.umask(before)


def close(folder: Path) -> None:
    """Closes a folder with all that is in it, as an earlier version did not, and says in the log that it did."""
    closed = kept = 0
    level = logging.WARNING if folder.is_dir() and _is_open(folder.stat()) else logging.INFO  # nobody came to the files
    for place, _, names in os.walk(folder.resolve()):
        for path in (Path(place), *(Path(place, name) for name in names)):
            with suppress(FileNotFoundError):  # somebody tidies up meanwhile
                status = path.lstat()
                if not _is_open(status):
                    continue
                try:
                    path.chmod(FOLDER if stat.S_ISDIR(status.st_mode) else FILE)
                    closed += 1
                except PermissionError:
                    kept += 1
    if closed:
        log.log(level, "%s: %d files or folders were open to other users; they are closed now", folder, closed)
    if kept:
        log.warning("%s: %d files or folders belong to another user and stay as they are", folder, kept)


def _is_open(status: os.stat_result) -> bool:
    """Whether others may do anything with it; a link leads elsewhere, and DVC's cache has a hard link to its own."""
    is_ours = stat.S_ISDIR(status.st_mode) or (
        stat.S_ISREG(status.st_mode) and (status.st_nlink == 1 or status.st_mode & stat.S_IWUSR != 0)
    )
    return is_ours and bool(stat.S_IMODE(status.st_mode) & UMASK)
