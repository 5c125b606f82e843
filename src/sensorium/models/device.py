"""Where networks run on this machine."""

import os
from pathlib import Path

SHARE = 2 * 2**30  # bytes of a GPU that a process with an encoder takes: libraries, weights and a batch
DRIVERS = ("/proc/driver/nvidia/version", "/dev/kfd")  # of NVIDIA's, and of AMD's


def has_gpu() -> bool:
    """Whether torch can use a GPU; torch, which is slow to import, is asked only where a driver is there."""
    if not any(Path(driver).exists() for driver in DRIVERS):
        return False
    from torch import cuda

    return cuda.is_available()


def processes() -> int:
    """How many processes may run networks at once: as many as there are cores, and fit beside this one on the GPU."""
    cores = len(os.sched_getaffinity(0))
    if not has_gpu():
        return cores
    from torch import cuda

    return max(1, min(cores, cuda.get_device_properties(0).total_memory // SHARE - 1))
