"""Sounds as their samples."""

from typing import ClassVar

import numpy as np
import soxr

from sensorium.encoders.encoder import Arrays, Preprocess
from sensorium.encoders.spectrogram import RATE


class Waveform(Preprocess):
    """The samples themselves, normalised if asked, and a mask of what is padding, as wav2vec 2.0 reads them.

    All are padded to one length: these models' masks do not survive a trace with another. Where the constants name a
    ``rate`` (Hz), they are heard at that one.
    """

    axes: ClassVar = {"input_values": {0: "batch"}, "attention_mask": {0: "batch"}}

    def __call__(self, value: np.ndarray) -> Arrays:
        samples = value.astype(np.float32) / 2**15
        if rate := self.constants.get("rate"):
            samples = soxr.resample(samples, RATE, rate)[: self.constants["samples"]]
        if self.constants["normalise"]:
            samples = (samples - samples.mean()) / np.sqrt(samples.var() + 1e-7)
        padding = (0, self.constants["samples"] - len(samples))
        mask = np.pad(np.ones(len(samples), dtype=np.int64), padding)
        return {"input_values": np.pad(samples, padding).astype(np.float32), "attention_mask": mask}
