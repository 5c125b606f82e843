"""How far the latest inputs lie from the training reference: a quick look for a dashboard.

The population stability index (Siddiqi, Credit Risk Scorecards, 2006) over tenths of the reference, of each principal
axis of an input's features; the axis that moved most counts. Below 0.1 little has changed, above 0.25 much.
"""

from collections import deque
from collections.abc import Mapping
from pathlib import Path
from threading import Lock

import numpy as np

FILE = "reference.npz"  # the model's: means, axes and, on them, what parts the reference into tenths
TENTHS = 10
LATEST = 500  # samples that are compared
FEWEST = 100  # of fewer nothing is said
FLOOR = 1e-3  # an empty tenth is no infinite distance


def read_projections(folder: Path) -> Mapping[str, np.ndarray]:
    """``INPUT.mean``, ``INPUT.axes`` and ``INPUT.tenths`` of every input; nothing for a model without a reference."""
    if not (folder / FILE).is_file():
        return {}
    with np.load(folder / FILE, allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


class Drift:
    """The latest samples of every input."""

    def __init__(self, projections: Mapping[str, np.ndarray]) -> None:
        self._projections = projections
        self._latest: dict[str, deque[np.ndarray]] = {}
        self._lock = Lock()  # batches are seen in their threads, the index is asked for in another

    def see(self, name: str, features: np.ndarray) -> None:
        """Remembers a sample's features ``[tokens, dim]``."""
        if f"{name}.tenths" not in self._projections:
            return
        onto = (features.reshape(-1) - self._projections[f"{name}.mean"]) @ self._projections[f"{name}.axes"]
        tenths = (onto[:, None] > self._projections[f"{name}.tenths"]).sum(1)
        with self._lock:
            self._latest.setdefault(name, deque(maxlen=LATEST)).append(tenths)

    def index(self, name: str) -> float | None:
        """The population stability index of an input, once enough samples of it have come."""
        with self._lock:
            latest = list(self._latest.get(name, ()))
        if len(latest) < FEWEST:
            return None
        seen = np.array(latest)
        shares = np.stack([(seen == tenth).mean(0) for tenth in range(TENTHS)]).clip(FLOOR)
        return float(((shares - 1 / TENTHS) * np.log(shares * TENTHS)).sum(0).max(initial=0.0))
