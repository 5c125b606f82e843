"""What the operating system offers for files: locks, exchanges, syncing, and whether the disk is full."""

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
    """Locks a folder and returns the open descriptor; ``None`` if somebody else holds the lock."""
    opened = os.open(folder, FOLDER)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(opened)
        return None
    return opened


@cache
def system() -> str:
    """An id of this machine since its last boot; locks are only seen by processes that share it."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text()
    except OSError:
        boot = os.uname().nodename
    return hashlib.sha256(boot.encode()).hexdigest()[:8]


def exchange(one: Path, other: Path) -> bool:
    """Swaps two paths in one atomic step; false where the system cannot."""
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


def raise_if_full(folder: Path, error: Exception) -> None:
    """Raises an error that says so if the disk is full; many libraries fail there without saying why.

    Call it before removing what was half written, which would make room.

    Args:
        folder: on the disk in question.
        error: what a library raised.

    Raises:
        OSError: naming the folder.
    """
    disk = os.statvfs(folder)
    if disk.f_bavail * disk.f_frsize < FULL or (disk.f_files > 0 and not disk.f_favail):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder.absolute())) from error
