import subprocess
import sys

import pytest

ALLOCATE = """
import resource, numpy as np
{first}
faults = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    np.ones(2**23)  # 64 MB
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - faults)
"""


def page_faults(first: str) -> int:
    done = subprocess.run([sys.executable, "-c", ALLOCATE.format(first=first)], capture_output=True, text=True)
    return int(done.stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's malloc")
def test_memory_that_was_freed_is_not_asked_of_the_kernel_again() -> None:
    kept = page_faults("from sensorium.memory import keep_freed; keep_freed()")
    assert kept < page_faults("") / 5
