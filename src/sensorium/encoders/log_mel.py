"""Sounds as bands of the spectrum over time, for networks that are trained here."""

from collections.abc import Sequence
from functools import cached_property
from typing import ClassVar

import numpy as np

from sensorium.encoders.encoder import Arrays, Preprocess
from sensorium.encoders.spectrogram import HTK, LEAST, filters
from sensorium.encoders.steps import collate_steps


class LogMel(Preprocess):
    """Logarithms of power in bands ``[frames, bands]`` and a mask of the frames ``[frames]``.

    Where the constants say ``cepstra``, so many cosines over the bands instead (MFCC: Davis and Mermelstein 1980).
    """

    axes: ClassVar = {"spectrum": {0: "batch", 1: "frames"}, "attention_mask": {0: "batch", 1: "frames"}}

    def __call__(self, value: np.ndarray) -> Arrays:
        size, hop = self.constants["frame"], self.constants["hop"]
        samples = value.astype(np.float64) / 2**15
        padded = np.pad(samples, (size // 2, size // 2 + hop))
        frames = np.lib.stride_tricks.sliding_window_view(padded, size)[::hop][: -(-len(samples) // hop)]
        power = np.abs(np.fft.rfft(frames * np.hanning(size + 1)[:-1])) ** 2 @ self._filters
        levels = np.log(np.maximum(power, LEAST))
        if cepstra := self.constants.get("cepstra"):
            from scipy.fft import dct

            levels = dct(levels, norm="ortho")[:, :cepstra]
        return {"spectrum": levels.astype(np.float32), "attention_mask": np.ones(len(levels), np.int64)}

    @cached_property
    def _filters(self) -> np.ndarray:
        return filters(self.constants, HTK)

    def collate(self, samples: Sequence[Arrays]) -> Arrays:
        return collate_steps(samples)
