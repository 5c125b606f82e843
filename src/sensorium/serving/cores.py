"""How many cores this process may use."""

import os
from pathlib import Path

QUOTA = Path("/sys/fs/cgroup/cpu.max")  # of a container (docs.kernel.org/admin-guide/cgroup-v2.html): microseconds each


def cores(quota: Path = QUOTA) -> int:
    """Cores that the system and the container's limit leave to this process, at least one."""
    there_are = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        granted, period = quota.read_text(encoding="ascii").split()
        return max(1, min(there_are, round(int(granted) / int(period))))
    except (OSError, ValueError):  # no container, or no limit: "max 100000"
        return there_are
