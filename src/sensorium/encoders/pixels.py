"""Pictures as squares of pixels."""

import math
from functools import cached_property
from typing import ClassVar

import numpy as np
from PIL import Image as Pillow
from PIL import ImageOps

from sensorium.encoders.encoder import Arrays, Preprocess


class Pixels(Preprocess):
    """A square of ``size`` pixels as float32 ``[3, size, size]``, by ``mean`` and ``std`` of 0-255.

    ``fit`` says how a picture of another shape gets square: ``pad`` with white; in models packaged by earlier versions
    also ``crop`` the middle after shrinking the shorter side to ``resize``, or ``stretch``.
    """

    axes: ClassVar = {"pixel_values": {0: "batch"}}

    def __call__(self, value: Pillow.Image) -> Arrays:
        size, resample = self.constants["size"], Pillow.Resampling(self.constants["resample"])
        square = getattr(self, "_" + self.constants["fit"])(value, size, resample)
        levels = np.asarray(square)
        return {"pixel_values": np.stack([table[levels[..., channel]] for channel, table in enumerate(self._tables)])}

    @cached_property
    def _tables(self) -> np.ndarray:
        """What each level from 0 to 255 becomes in each channel; looking it up is faster than computing it."""
        levels = np.arange(256, dtype=np.float32)[:, None]
        return ((levels - self.constants["mean"]) / self.constants["std"]).astype(np.float32).T

    def _pad(self, value: Pillow.Image, size: int, resample: Pillow.Resampling) -> Pillow.Image:
        if size * min(value.size) < max(value.size):  # so thin that nothing would be left of it
            thinnest = math.ceil(max(value.size) / size)
            value = value.resize((max(value.width, thinnest), max(value.height, thinnest)), resample)
        return ImageOps.pad(value, (size, size), resample, color=(255, 255, 255))

    def _crop(self, value: Pillow.Image, size: int, resample: Pillow.Resampling) -> Pillow.Image:
        scale = self.constants["resize"] / min(value.size)
        width, height = (max(size, round(side * scale)) for side in value.size)
        left, top = (width - size) // 2, (height - size) // 2
        return value.resize((width, height), resample).crop((left, top, left + size, top + size))

    def _stretch(self, value: Pillow.Image, size: int, resample: Pillow.Resampling) -> Pillow.Image:
        return value.resize((size, size), resample)
