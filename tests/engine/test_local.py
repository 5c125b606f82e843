import os
import resource
import sys
import time

import numpy as np
import pytest

from sensorium.engine import Local


def process(_: int) -> int:
    time.sleep(0.1)
    return os.getpid()


def page_faults(_: int) -> list[int]:
    """Of the first, the second and the third array of 64 MB."""
    counts = [resource.getrusage(resource.RUSAGE_SELF).ru_minflt]
    for _ in range(3):
        np.ones(2**23)
        counts.append(resource.getrusage(resource.RUSAGE_SELF).ru_minflt)
    return np.diff(counts).tolist()


def test_work_is_begun_here_and_the_rest_is_spread(monkeypatch: pytest.MonkeyPatch) -> None:
    assert set(Local().map(process, range(9))) == {os.getpid()}
    monkeypatch.setattr("sensorium.engine.local.START", 0.25)
    found = list(Local().map(process, range(9)))
    assert found[0] == os.getpid()
    assert found[-1] != os.getpid()


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's malloc")
def test_a_process_keeps_the_memory_that_it_freed(monkeypatch: pytest.MonkeyPatch) -> None:
    if not any(page_faults(0)):
        pytest.skip("this kernel does not count page faults")
    monkeypatch.setattr("sensorium.engine.local.START", 0)
    for first, *later in Local().map(page_faults, range(2)):
        assert max(later) < first / 5
