"""What the system does for files, and whether it can."""

import ctypes
import errno
import fcntl
import os
from contextlib import suppress
from pathlib import Path

FULL = 2**20  # bytes; where fewer are free, the disk is full, whatever a library says of its failure
EXCHANGE, HERE = 2, -100  # RENAME_EXCHANGE of linux/fs.h, AT_FDCWD of linux/fcntl.h
UNKNOWN = (errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP, errno.ENOLCK)  # said by file systems that lack something


def lock(path: Path) -> int:
    """Makes a file and locks it as long as the descriptor that is returned is open.

    Raises:
        FileNotFoundError: if it was removed before it was locked.
    """
    opened = _opened(path)
    with suppress(OSError):  # where files cannot be locked, `is_free` goes by their age
        fcntl.flock(opened, fcntl.LOCK_EX)
    if os.fstat(opened).st_nlink:
        return opened
    os.close(opened)
    raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))


def lock_free(path: Path, old: bool) -> int | None:
    """The same if nobody holds it, else nothing.

    Args:
        path: of the file.
        old: whether it is held by nobody where files cannot be locked.
    """
    opened = _opened(path)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno not in UNKNOWN or not old:
            os.close(opened)
            return None
    return opened


def exchange(one: Path, other: Path) -> bool:
    """Lets two paths change places at one stroke; false where the system cannot."""
    try:
        call = ctypes.CDLL(None, use_errno=True).renameat2
    except AttributeError:
        return False
    if call(HERE, os.fsencode(one), HERE, os.fsencode(other), EXCHANGE) == 0:
        return True
    number = ctypes.get_errno()
    if number in UNKNOWN:
        return False
    raise OSError(number, os.strerror(number), str(other))


def sync(path: Path) -> None:
    """Waits until a file's bytes, or a folder's names, are on the disk."""
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    except OSError as error:
        if error.errno not in UNKNOWN:
            raise
    finally:
        os.close(opened)


def sync_all(path: Path) -> None:
    """Waits until a file, or a folder with all that is in it, is on the disk."""
    for inside in path.rglob("*") if path.is_dir() else ():
        sync(inside)
    sync(path)


def blame(folder: Path, error: Exception) -> None:
    """Says that a disk is full where it is, whatever else a library said: some say nothing of it.

    Where something of what was written is removed, this is to be asked before.

    Raises:
        OSError: naming the folder.
    """
    disk = os.statvfs(folder)
    if disk.f_bavail * disk.f_frsize < FULL or (disk.f_files > 0 and not disk.f_favail):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder.absolute())) from error


def _opened(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
