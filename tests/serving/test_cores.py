import os
from pathlib import Path

import pytest

from sensorium.serving.cores import cores

THERE_ARE = len(os.sched_getaffinity(0))


@pytest.mark.parametrize(
    ("quota", "expected"),
    [
        ("50000 100000", 1),
        ("100000 100000", 1),
        ("9900000 100000", THERE_ARE),
        ("max 100000", THERE_ARE),
        ("", THERE_ARE),
    ],
)
def test_a_containers_limit_counts(tmp_path: Path, quota: str, expected: int) -> None:
    (tmp_path / "cpu.max").write_text(quota)
    assert cores(tmp_path / "cpu.max") == expected
    assert cores(tmp_path / "nothing") == THERE_ARE
