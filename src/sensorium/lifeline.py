"""Children that end with the process that started them, so that a killed run leaves nothing behind that still writes.

``python -m sensorium.lifeline COMMAND ...`` becomes that command, which ends when its starter does.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # linux/prctl.h: the signal that a process gets when its parent dies


def end_with_parent() -> None:
    """Asks the kernel to end this process when the one that started it dies; does nothing off Linux."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


if __name__ == "__main__":
    end_with_parent()
    os.execvp(sys.argv[1], sys.argv[1:])
