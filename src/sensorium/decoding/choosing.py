"""Which frames stand for a clip: evenly along its time, one for each shot, or evenly along its motion."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

THUMBNAIL = 32  # pixels a side that are enough to tell two frames apart by


@dataclass(frozen=True)
class Sampling:
    """A way to choose frames.

    Attributes:
        looked_at: frames that are decoded for each that is chosen.
        by_keys: whether key frames are looked at where there are enough: encoders set one where a shot begins.
        pick: places of so many frames ``[frames, height, width, 3]``, of which there are more.
    """

    looked_at: int
    by_keys: bool
    pick: Callable[[Sequence[np.ndarray], int], np.ndarray]


def evenly(times: np.ndarray, length: float, count: int) -> np.ndarray:
    """Places of the frames that are shown in the middle of so many parts of equal length, each once.

    Args:
        times: of all frames, rising.
        length: of the clip, in the same unit.
        count: of parts.
    """
    if len(times) <= count:
        return np.arange(len(times))
    middles = (np.arange(count) + 0.5) * length / count
    return _once(np.maximum(0, np.searchsorted(times, middles, side="right") - 1))


def _all(frames: Sequence[np.ndarray], count: int) -> np.ndarray:
    return np.arange(len(frames))[:count]


def _of_shots(frames: Sequence[np.ndarray], count: int) -> np.ndarray:
    """The middle of what lies between the largest changes."""
    cuts = np.sort(np.argsort(-_changes(frames), kind="stable")[: count - 1]) + 1
    starts, ends = np.array([0, *cuts]), np.array([*cuts, len(frames)])
    return (starts + ends - 1) // 2


def _along_motion(frames: Sequence[np.ndarray], count: int) -> np.ndarray:
    """With as much change between one and the next; evenly, where nothing changes."""
    moved = np.concatenate([[0.0], np.cumsum(_changes(frames))])
    places = np.searchsorted(moved, (np.arange(count) + 0.5) * moved[-1] / count)
    chosen = _once(np.minimum(places, len(frames) - 1))
    return chosen if moved[-1] > 0 else evenly(np.arange(len(frames)), len(frames), count)


def _once(places: np.ndarray) -> np.ndarray:
    """Rising places, each once; NumPy's own function imports more when it is called, which readers cannot."""
    return places[np.diff(places, prepend=-1) > 0]


def _changes(frames: Sequence[np.ndarray]) -> np.ndarray:
    """How far each frame is from the one before."""
    step = max(1, max(frames[0].shape[:2]) // THUMBNAIL)
    small = np.stack([one[step // 2 :: step, step // 2 :: step].astype(np.float32) for one in frames])
    return np.abs(np.diff(small, axis=0)).mean((1, 2, 3))


SAMPLINGS = {
    "even": Sampling(1, False, _all),
    "shots": Sampling(4, True, _of_shots),
    "motion": Sampling(4, False, _along_motion),
}
