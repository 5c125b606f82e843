"""How a clip moves, as numbers: dense optical flow between its frames, described over time."""

from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from sensorium.decoding.clip import Clip
from sensorium.encoders.encoder import Arrays, Encoder, Preprocess
from sensorium.encoders.identity import Identity

SIDE = 96  # pixels of the longer side, in which motion is looked for
MOVING = 0.02  # of the longer side a second; less is noise
DIRECTIONS = 8
PARTS = 4  # of the clip's time that are described one by one
FARNEBACK = {"pyr_scale": 0.5, "levels": 3, "winsize": 15, "iterations": 3, "poly_n": 5, "poly_sigma": 1.2, "flags": 0}


class Motion(Preprocess):
    """One token: of what pairs of frames have, mean and deviation over the clip, and means over four parts of it.

    That is the share of the frame that moves; mean and largest speed, in frames' sides a second; how much goes to each
    of eight directions; how much spreads and turns; and how much brightness changes. Flow is Farneback's (2003).
    """

    axes: ClassVar = {"motion": {0: "batch"}}
    libraries: ClassVar = ("opencv-python-headless",)

    def __call__(self, value: Clip) -> Arrays:
        pairs = np.array(list(_pairs(value)) or [np.zeros(DIRECTIONS + 6)])
        parts = [pairs[int(at * len(pairs) / PARTS) :][: max(1, len(pairs) // PARTS)].mean(0) for at in range(PARTS)]
        return {"motion": np.concatenate([pairs.mean(0), pairs.std(0), *parts])[None].astype(np.float32)}


def _pairs(value: Clip) -> Iterator[np.ndarray]:
    """What each pair of neighbouring frames has."""
    import cv2

    cv2.setNumThreads(1)  # frames are small: other threads would only wait for one another
    height, width = value.frames.shape[1:3]
    scale = min(1.0, SIDE / max(height, width))
    size = (max(2, round(width * scale)), max(2, round(height * scale)))
    greys = [
        cv2.resize(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY), size, interpolation=cv2.INTER_AREA)
        for frame in value.frames
    ]
    for before, after, gap in zip(greys, greys[1:], np.diff(value.times), strict=False):
        flow = cv2.calcOpticalFlowFarneback(before, after, None, **FARNEBACK) / max(size)  # type: ignore[call-overload]
        yield _described(flow * 1000 / max(1, gap), np.abs(after.astype(np.float32) - before).mean() / 255)


def _described(flow: np.ndarray, change: float) -> np.ndarray:
    """Numbers of a field ``[height, width, 2]``; speeds by their logarithm, as few are large."""
    speed = np.hypot(flow[..., 0], flow[..., 1])
    angle = np.arctan2(flow[..., 1], flow[..., 0])
    bins = np.rint(angle / (2 * np.pi) * DIRECTIONS).astype(int) % DIRECTIONS
    directions = np.bincount(bins.ravel(), speed.ravel(), DIRECTIONS) / speed.size
    (x_down, x_right), (y_down, y_right) = (np.gradient(flow[..., axis]) for axis in range(2))
    spread, turn = (x_right + y_down).mean(), (y_right - x_down).mean()
    speeds = np.log1p(10 * np.array([speed.mean(), np.quantile(speed, 0.99), *directions]))
    return np.array([(speed > MOVING).mean(), *speeds, np.tanh(10 * spread), np.tanh(10 * turn), change])


def motion() -> Encoder:
    """Of how a clip moves."""
    return Encoder(Motion(), Identity(), "motion 1")
