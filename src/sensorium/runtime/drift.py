"""How far the latest inputs lie from the training reference: a quick look for a dashboard.

The population stability index (Siddiqi, Credit Risk Scorecards, 2006) over tenths of the reference, of each principal
axis of an input's features; the axis that moved most counts. Below 0.1 little has changed, above 0.25 much.
"""

from collections import deque
from threading import Lock

import numpy as np

from sensorium.runtime.profile import Profile

TENTHS = 10
LATEST = 500  # samples that are compared
FEWEST = 100  # of fewer nothing is said
FLOOR = 1e-3  # an empty tenth is no infinite distance


class Drift:
    """The latest samples of every input."""

    def __init__(self, profile: Profile) -> None:
        self._profile = profile
        self._latest: dict[str, deque[np.ndarray]] = {}
        self._lock = Lock()  # batches are seen in their threads, the index is asked for in another

    def see(self, name: str, onto: np.ndarray) -> None:
        """Remembers where a sample lies on an input's axes ``[axes]``."""
        if (tenths := self._profile.tenths(name)) is None:
            return
        with self._lock:
            self._latest.setdefault(name, deque(maxlen=LATEST)).append((onto[:, None] > tenths).sum(1))

    def index(self, name: str) -> float | None:
        """The population stability index of an input, once enough samples of it have come."""
        with self._lock:
            latest = list(self._latest.get(name, ()))
        if len(latest) < FEWEST:
            return None
        seen = np.array(latest)
        shares = np.stack([(seen == tenth).mean(0) for tenth in range(TENTHS)]).clip(FLOOR)
        return float(((shares - 1 / TENTHS) * np.log(shares * TENTHS)).sum(0).max(initial=0.0))
