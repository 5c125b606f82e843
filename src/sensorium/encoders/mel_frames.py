"""Sounds as the mel frames that openWakeWord's networks read."""

from collections.abc import Sequence
from functools import cached_property
from typing import ClassVar

import numpy as np

from sensorium.encoders.encoder import Arrays, Preprocess
from sensorium.encoders.over_time import BANDS, FRAMES, HOP
from sensorium.encoders.spectrogram import RATE
from sensorium.models.onnx_network import OnnxNetwork


class MelFrames(Preprocess):
    """Mel frames of clips, one after the other; the network embeds windows of them (openWakeWord's).

    They are pooled into one token: mean and standard deviation over the windows' embeddings, then those over the clip's
    mel frames. The latter tell voices and recordings apart, the former what is said.
    """

    axes: ClassVar = {"frames": {1: "time"}}

    @cached_property
    def _mel(self) -> OnnxNetwork:
        return OnnxNetwork(self.files["melspectrogram.onnx"])

    def __call__(self, value: np.ndarray) -> Arrays:
        padded = np.pad(value, (0, max(0, RATE - len(value)))).astype(np.float32)
        mel = self._mel({"input": padded[None]}).reshape(-1, BANDS) / 10 + 2
        heard = mel[: max(1, len(mel) * len(value) // len(padded))]
        return {"frames": mel[:, :, None], "spectrum": np.concatenate([heard.mean(0), heard.std(0)])}

    def collate(self, samples: Sequence[Arrays]) -> Arrays:
        """One long clip: padding each to the longest would be computed for nothing."""
        return {"frames": np.concatenate([np.pad(s["frames"], _to_hop(s)) for s in samples])[None]}

    def pool(self, output: np.ndarray, samples: Sequence[Arrays]) -> np.ndarray:
        """Windows that reach into the next clip are left out."""
        tokens, start = [], 0
        for sample in samples:
            windows = output[0, start : start + (len(sample["frames"]) - FRAMES) // HOP + 1]
            tokens.append(np.concatenate([windows.mean(0), windows.std(0), sample["spectrum"]]))
            start += (len(sample["frames"]) + _to_hop(sample)[0][1]) // HOP
        return np.stack(tokens)[:, None]


def _to_hop(sample: Arrays) -> list[tuple[int, int]]:
    """The padding with which the next clip starts where a window does."""
    return [(0, -len(sample["frames"]) % HOP), (0, 0), (0, 0)]
