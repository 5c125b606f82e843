"""Ends child processes when their parent dies, so that a killed run leaves nothing behind that still writes."""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # linux/prctl.h: the signal that a process gets when its parent dies


def end_with_parent(parent: int | None = None) -> None:
    """Asks the kernel to end this process when the one that started it dies; does nothing off Linux.

    Args:
        parent: its process id, where that is known: it may have died before it could be asked.
    """
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if parent is not None and os.getppid() != parent:
        signal.raise_signal(signal.SIGTERM)
