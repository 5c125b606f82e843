"""Clips as pictures: each frame read alone, or all of them at once."""

from collections.abc import Sequence
from functools import cached_property
from typing import ClassVar

import numpy as np
from PIL import Image as Pillow

from sensorium.decoding.clip import Clip
from sensorium.encoders.encoder import Arrays, Encoder, Preprocess
from sensorium.encoders.pictures import PICTURES

AT_ONCE = 32  # frames that go through the network together: what lies between its layers is large


class _Pictures(Preprocess):
    """Frames as pictures, at most so many to a network that its layers' outputs stay small.

    Constants: ``frames``, and of a preprocessing of single pictures its name in `PICTURES` (``picture``) and its
    ``settings``.
    """

    axes: ClassVar = {"pixel_values": {0: "batch"}}

    @cached_property
    def _picture(self) -> Preprocess:
        return PICTURES[self.constants["picture"]](self.files, **self.constants["settings"])

    def _pixels(self, value: Clip, places: Sequence[int]) -> Arrays:
        found = {place: self._picture(Pillow.fromarray(value.frames[place])) for place in dict.fromkeys(places)}
        return {"pixel_values": np.stack([found[place]["pixel_values"] for place in places])}

    def groups(self, samples: Sequence[Arrays]) -> list[list[int]]:
        size = max(1, AT_ONCE // self.constants["frames"])
        return [list(range(at, min(at + size, len(samples)))) for at in range(0, len(samples), size)]


class Frames(_Pictures):
    """Every frame alone, of more than ``frames`` as many evenly along the clip: a token a frame, in their order."""

    @property
    def most_tokens(self) -> int:
        return self.constants["frames"]

    def __call__(self, value: Clip) -> Arrays:
        there = len(value.frames)
        return self._pixels(value, spread(there, min(there, self.constants["frames"])))

    def collate(self, samples: Sequence[Arrays]) -> Arrays:
        """The frames of all clips one behind another."""
        return {"pixel_values": np.concatenate([sample["pixel_values"] for sample in samples])}

    def pool(self, output: np.ndarray, samples: Sequence[Arrays]) -> list[np.ndarray]:
        ends = np.cumsum([len(sample["pixel_values"]) for sample in samples])
        return np.split(output.reshape(len(output), -1), ends[:-1])


class FramesTogether(_Pictures):
    """As many as the network reads at once ``[frames, 3, height, width]``, evenly along the clip."""

    def __call__(self, value: Clip) -> Arrays:
        return self._pixels(value, spread(len(value.frames), self.constants["frames"]))


def spread(there: int, wanted: int) -> list[int]:
    """Places of so many frames, evenly along those that are there; each more than once where they are fewer."""
    return [int((place + 0.5) * there / wanted) for place in range(wanted)]


def of_frames(encoder: Encoder, frames: int) -> Encoder:
    """A picture's encoder as one of clips, which gives a token a frame."""
    preprocess = encoder.preprocess
    name = next(name for name, kind in PICTURES.items() if kind is type(preprocess))
    of_clip = Frames(preprocess.files, frames=frames, picture=name, settings=preprocess.constants)
    return Encoder(of_clip, encoder.network, f"frames 1 of {encoder.version}", encoder.weights)
