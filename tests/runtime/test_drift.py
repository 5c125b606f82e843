import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from sensorium.runtime.drift import Drift
from sensorium.runtime.profile import Profile

AXES = {
    "x.mean": np.zeros(2, np.float32),
    "x.axes": np.eye(2, dtype=np.float32),
    "x.tenths": np.tile(np.linspace(-0.8, 0.8, 9), (2, 1)),  # of values spread evenly from -1 to 1
}


def index(values: np.ndarray) -> float | None:
    drift = Drift(Profile(AXES))
    for value in values:
        drift.add("x", value)
    return drift.index("x")


def test_the_same_distribution_is_near_zero_and_a_shifted_one_far() -> None:
    random = np.random.default_rng(0)
    same = random.uniform(-1, 1, (500, 2))
    assert index(same) == pytest.approx(0.03, abs=0.03)
    assert index(same * [1, 0.5]) > 0.25  # type: ignore[operator]
    assert index(same + np.array([0.6, 0])) > 0.25  # type: ignore[operator]


def test_the_index_is_the_published_sum() -> None:
    """Half the samples in each of the two lowest tenths: 2 (0.5 - 0.1) ln 5 + 8 (0.001 - 0.1) ln 0.01."""
    values = np.repeat([[-0.9, -0.9], [-0.7, -0.7]], 50, axis=0)
    assert index(values) == pytest.approx(0.8 * np.log(5) + 8 * (0.001 - 0.1) * np.log(0.01), abs=1e-6)


def test_of_few_samples_or_without_a_reference_nothing_is_said(tmp_path: Path) -> None:
    assert index(np.zeros((99, 2))) is None
    drift = Drift(Profile.read(tmp_path))
    for _ in range(200):
        drift.add("x", np.zeros(2))
    assert drift.index("x") is None


def test_it_may_be_asked_while_samples_come() -> None:
    drift = Drift(Profile(AXES))
    stop = threading.Event()

    def see() -> None:
        while not stop.is_set():
            drift.add("x", np.zeros(2))

    with ThreadPoolExecutor(1) as threads:
        seeing = threads.submit(see)
        try:
            for _ in range(300):
                drift.index("x")
        finally:
            stop.set()
        seeing.result()
