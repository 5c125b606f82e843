import os
from types import SimpleNamespace

import pytest
from torch import cuda

from sensorium.models import device


def test_processes_fit_beside_one_another_on_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(16)))
    monkeypatch.setattr(device, "has_gpu", lambda: False)
    assert device.processes() == 16
    monkeypatch.setattr(device, "has_gpu", lambda: True)
    found = []
    for gigabytes in (1, 8, 24, 80):
        monkeypatch.setattr(
            cuda, "get_device_properties", lambda _, size=gigabytes: SimpleNamespace(total_memory=size << 30)
        )
        found.append(device.processes())
    assert found == [1, 3, 11, 16]
