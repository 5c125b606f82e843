"""Clips read by networks that are trained here, behind an encoder of pictures that stays as it is."""

from typing import cast

from torch import Tensor, nn

from sensorium.encoders.encoder import Encoder
from sensorium.encoders.frames import FramesTogether
from sensorium.encoders.pictures import PICTURES
from sensorium.encoders.torch_network import TorchNetwork
from sensorium.encoders.trainable.readers import reader as new_reader
from sensorium.encoders.trainable.trainable import Trainable


class EachFrame(nn.Module):
    """What a network of pictures says of every frame ``[batch, frames, dim]``."""

    def __init__(self, of_pictures: nn.Module) -> None:
        super().__init__()
        self.of_pictures = of_pictures

    def forward(self, pixel_values: Tensor) -> Tensor:
        found: Tensor = self.of_pictures(pixel_values.flatten(0, 1))
        return found.view(*pixel_values.shape[:2], -1)


class ClipNetwork(nn.Module):
    """A state of each frame, and a reader."""

    def __init__(self, reader: str, dim: int, width: int) -> None:
        super().__init__()
        self.layer = nn.Sequential(nn.LayerNorm(dim), nn.Dropout(0.3), nn.Linear(dim, width), nn.GELU())
        self.reader = new_reader(reader, width)

    def forward(self, frames: Tensor) -> Tensor:
        states: Tensor = self.reader(self.layer(frames), frames.new_ones(frames.shape[:2]))
        return states


def read_clips(reader: str, encoder: Encoder, dim: int, frames: int, width: int) -> Trainable:
    """A network over what an encoder of pictures says of frames.

    Args:
        reader: a name in `READERS`.
        encoder: of pictures, by torch.
        dim: numbers that it gives of each.
        frames: of a clip that are read.
        width: of the hidden state.
    """
    picture = next(name for name, kind in PICTURES.items() if kind is type(encoder.preprocess))
    preprocess = FramesTogether(
        encoder.preprocess.files, frames=frames, picture=picture, settings=encoder.preprocess.constants
    )
    frozen = EachFrame(cast(TorchNetwork, encoder.network).module)
    return Trainable(
        preprocess, ClipNetwork(reader, dim, width), f"{reader} of clips 1 of {encoder.version}", width, frozen
    )
