"""Sounds read by networks that are trained here: bands of the spectrum over time, and a reader of them."""

from collections.abc import Iterable
from itertools import islice
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from sensorium.encoders.log_mel import LogMel
from sensorium.encoders.spectrogram import RATE
from sensorium.encoders.trainable.readers import reader as new_reader
from sensorium.encoders.trainable.readers.pooling import every_second
from sensorium.encoders.trainable.trainable import Trainable

SCALED = 200  # sounds that tell the scale of each band
BANDS, FRAME, HOP = 64, 512, 320  # 32 ms every 20
LOUDER = 0.5  # by which the level differs while it is trained, in the logarithm of power
HIDDEN_BANDS = HIDDEN_TIME = 0.15  # shares that are hidden then (SpecAugment: Park et al. 2019, arXiv:1904.08779)


class SoundNetwork(nn.Module):
    """The bands of each frame on the scale of the training sounds, and a reader."""

    mean: Tensor
    deviation: Tensor
    louder: Tensor

    def __init__(self, reader: str, spectra: np.ndarray, louder: np.ndarray, width: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.from_numpy(spectra.mean(0)))
        self.register_buffer("deviation", torch.from_numpy(spectra.std(0) + 1e-3))
        self.register_buffer("louder", torch.from_numpy(louder))
        self.layer = nn.Conv1d(spectra.shape[1], width, 5, stride=2, padding=2)
        self.reader = new_reader(reader, width)

    def forward(self, spectrum: Tensor, attention_mask: Tensor) -> Tensor:
        if self.training:
            spectrum = spectrum + LOUDER * torch.randn(len(spectrum), 1, 1, device=spectrum.device) * self.louder
        bands = (spectrum - self.mean) / self.deviation
        if self.training:
            bands = hidden(bands)
        return every_second(self.layer, self.reader, bands, attention_mask.float())


def hidden(bands: Tensor) -> Tensor:
    """Spectra ``[batch, frames, bands]`` without some bands and some of the time, at random."""
    _, frames, width = bands.shape
    shown = _kept(bands[:, 0], width * HIDDEN_BANDS)[:, None] * _kept(bands[:, :, 0], frames * HIDDEN_TIME)[..., None]
    return bands * shown


def _kept(places: Tensor, most: float) -> Tensor:
    """0 over a stretch of up to so many places, else 1 ``[batch, places]``."""
    count, device = len(places), places.device
    length = torch.rand(count, 1, device=device) * most
    first = torch.rand(count, 1, device=device) * (places.shape[1] - length)
    place = torch.arange(places.shape[1], device=device)
    return ((place < first) | (place >= first + length)).float()


def read_sounds(reader: str, values: Iterable[np.ndarray], width: int, cepstra: int) -> Trainable:
    """A network over bands of the spectrum, or over so many cepstra."""
    constants: dict[str, Any] = {"frame": FRAME, "hop": HOP, "rate": RATE, "mels": BANDS, "low": 20, "high": RATE // 2}
    preprocess = LogMel(**constants | ({"cepstra": cepstra} if cepstra else {}))
    louder = np.ones(BANDS, np.float32)
    if cepstra:  # the first tells the level
        louder = np.eye(1, cepstra, dtype=np.float32)[0] * BANDS**0.5
    spectra = np.concatenate([preprocess(value)["spectrum"] for value in islice(values, SCALED)])
    return Trainable(preprocess, SoundNetwork(reader, spectra, louder, width), f"{reader} of sounds 1", width)
