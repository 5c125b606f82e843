"""Series read by networks that are trained here: their course in few steps, and a reader of it."""

import torch
from torch import Tensor, nn

from sensorium.encoders.course import Course
from sensorium.encoders.spectral import Scales
from sensorium.encoders.trainable.readers import reader as new_reader
from sensorium.encoders.trainable.readers.pooling import every_second
from sensorium.encoders.trainable.trainable import Trainable

STEPS = 512  # that a series has at most
NOISE, STRETCHED = 0.1, 0.2  # deviations, and by how much a channel's size differs, while it is trained


class SeriesNetwork(nn.Module):
    """A state of each step, and a reader."""

    def __init__(self, reader: str, channels: int, width: int) -> None:
        super().__init__()
        self.layer = nn.Conv1d(3 * channels, width, 5, stride=2, padding=2)
        self.reader = new_reader(reader, width)

    def forward(self, course: Tensor, attention_mask: Tensor) -> Tensor:
        mask = attention_mask.float()
        if self.training:
            course = course * (1 + STRETCHED * torch.randn(len(course), 1, course.shape[2], device=course.device))
            course = course + NOISE * torch.randn_like(course)
        return every_second(self.layer, self.reader, course, mask)


def read_series(reader: str, scales: Scales, width: int) -> Trainable:
    """A network over the course of series on these scales."""
    preprocess = Course(**scales.model_dump(), steps=STEPS)
    return Trainable(preprocess, SeriesNetwork(reader, len(scales.level), width), f"{reader} of series 1", width)
