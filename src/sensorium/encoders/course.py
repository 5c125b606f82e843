"""Series as their course in few steps, for networks that are trained here."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from sensorium.decoding.bridged import bridged
from sensorium.encoders.encoder import Arrays, Preprocess
from sensorium.encoders.steps import collate_steps

BOUND = 30.0  # deviations beyond which a sample counts no more


class Course(Preprocess):
    """Steps ``[steps, 3 * channels]`` and a mask of them: of every stretch of a series that is longer than ``steps``,
    mean, deviation and share of gaps of each channel, on the scale of the training rows."""

    axes: ClassVar = {"course": {0: "batch", 1: "steps"}, "attention_mask": {0: "batch", 1: "steps"}}

    def __call__(self, value: np.ndarray) -> Arrays:
        level, spread = (np.array(self.constants[name])[:, None] for name in ("level", "spread"))
        gaps = np.isnan(value)
        whole = (np.stack([bridged(channel) for channel in value.astype(np.float64)]) - level) / spread
        whole[gaps.all(1)] = 0.0
        scaled = np.clip(whole, -BOUND, BOUND)
        size = -(-value.shape[1] // self.constants["steps"])
        starts = np.arange(0, value.shape[1], size)
        lengths = np.diff([*starts, value.shape[1]])
        mean, square, gap = (
            np.add.reduceat(rows, starts, axis=1) / lengths for rows in (scaled, scaled**2, gaps * 1.0)
        )
        deviation = np.sqrt(np.maximum(square - mean**2, 0))
        course = np.concatenate([mean, deviation, gap]).T.astype(np.float32)
        return {"course": course, "attention_mask": np.ones(len(course), np.int64)}

    def collate(self, samples: Sequence[Arrays]) -> Arrays:
        return collate_steps(samples)
