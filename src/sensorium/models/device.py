"""Where networks run on this machine."""

from pathlib import Path

DRIVERS = ("/proc/driver/nvidia/version", "/dev/kfd")  # of NVIDIA's, and of AMD's


def has_gpu() -> bool:
    """Whether torch can use a GPU; torch, which is slow to import, is asked only where a driver is there."""
    if not any(Path(driver).exists() for driver in DRIVERS):
        return False
    from torch import cuda

    return cuda.is_available()
