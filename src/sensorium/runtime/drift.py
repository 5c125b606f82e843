"""The drift of the latest inputs as one number for a dashboard: the population stability index (PSI).

The index (Siddiqi, Credit Risk Scorecards, 2006) compares how often values fall into each tenth of the reference, on
each principal axis of an input's features; the axis with the largest index counts. Below 0.1 little has changed, above
0.25 much.
"""

from collections import deque
from threading import Lock

import numpy as np

from sensorium.runtime.profile import Profile

TENTHS = 10
LATEST = 500  # samples that are compared, at most
FEWEST = 100  # samples; with fewer there is no index
FLOOR = 1e-3  # of a frequency: without it an empty tenth would make the index infinite


class Drift:
    """Keeps the latest samples of every input and compares them with a model's reference."""

    def __init__(self, profile: Profile) -> None:
        self._profile = profile
        self._latest: dict[str, deque[np.ndarray]] = {}
        self._lock = Lock()  # samples are added in threads of batches, the index is read in another

    def add(self, name: str, coordinates: np.ndarray) -> None:
        """Adds a sample: its coordinates ``[axes]`` on the principal axes of an input's features."""
        if (tenths := self._profile.tenths(name)) is None:
            return
        with self._lock:
            self._latest.setdefault(name, deque(maxlen=LATEST)).append((coordinates[:, None] > tenths).sum(1))

    def index(self, name: str) -> float | None:
        """The population stability index of an input; ``None`` before there are enough samples."""
        with self._lock:
            latest = list(self._latest.get(name, ()))
        if len(latest) < FEWEST:
            return None
        tenths_of = np.array(latest)
        frequencies = np.stack([(tenths_of == tenth).mean(0) for tenth in range(TENTHS)]).clip(FLOOR)
        return float(((frequencies - 1 / TENTHS) * np.log(frequencies * TENTHS)).sum(0).max(initial=0.0))
