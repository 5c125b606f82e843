"""What the system does for files, and whether it can."""

import ctypes
import errno
import fcntl
import hashlib
import os
from contextlib import suppress
from functools import cache
from pathlib import Path

FULL = 2**20  # bytes; where fewer are free, the disk is full, whatever a library says of its failure
EXCHANGE, HERE = 2, -100  # RENAME_EXCHANGE of linux/fs.h, AT_FDCWD of linux/fcntl.h
FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
UNKNOWN = (errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP)  # said by file systems that lack something


def lock(folder: Path) -> int:
    """Locks a folder as long as the descriptor that is returned is open.

    Raises:
        FileNotFoundError: if it was removed before it was locked.
    """
    opened = os.open(folder, FOLDER)
    with suppress(OSError):  # where there are no locks, nobody can tell that it is free, and it stays
        fcntl.flock(opened, fcntl.LOCK_EX)
    try:
        if os.path.samestat(os.fstat(opened), folder.stat()):
            return opened
    except FileNotFoundError:
        os.close(opened)
        raise
    os.close(opened)
    raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(folder))


def lock_free(folder: Path) -> int | None:
    """The same if nobody holds it, else nothing."""
    opened = os.open(folder, FOLDER)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(opened)
        return None
    return opened


@cache
def system() -> str:
    """Differs for every system, and every time that it is started: whose locks it is that can be seen."""
    try:
        told = Path("/proc/sys/kernel/random/boot_id").read_text()
    except OSError:
        told = os.uname().nodename
    return hashlib.sha256(told.encode()).hexdigest()[:8]


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
