"""Pictures read by a convolutional network that is trained here."""

import torch
from PIL.Image import Resampling
from torch import Tensor, nn

from sensorium.encoders.pixels import Pixels
from sensorium.encoders.trainable.trainable import Trainable

SIDE = 48  # pixels
CHANNELS = (24, 48, 96, 192)
GROUPS = 8  # of channels, normalised together
TURNED, SHIFTED, SCALED = 0.15, 0.1, 0.1  # radians, shares of a side and of the size, while it is trained
COLOUR = 0.2  # by which brightness and contrast differ then


class Block(nn.Module):
    """Half the side, then a convolution beside what it reads (He et al. 2016, arXiv:1512.03385)."""

    def __init__(self, before: int, channels: int) -> None:
        super().__init__()
        self.smaller = nn.Conv2d(before, channels, 3, stride=2, padding=1)
        self.norms = nn.ModuleList(nn.GroupNorm(GROUPS, channels) for _ in range(2))
        self.beside = nn.Conv2d(channels, channels, 3, padding=1, groups=channels)
        self.mixed = nn.Conv2d(channels, channels, 1)

    def forward(self, pixels: Tensor) -> Tensor:
        small: Tensor = nn.functional.relu(self.norms[0](self.smaller(pixels)))
        return small + nn.functional.relu(self.norms[1](self.mixed(self.beside(small))))


class PictureNetwork(nn.Module):
    """Blocks, then the mean over what is left of the picture."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.blocks = nn.Sequential(*(Block(*pair) for pair in zip((3, *CHANNELS), CHANNELS, strict=False)))
        self.state = nn.Sequential(nn.Dropout(0.3), nn.Linear(CHANNELS[-1], width), nn.GELU(), nn.Dropout(0.3))

    def forward(self, pixel_values: Tensor) -> Tensor:
        pixels = changed(pixel_values) if self.training else pixel_values
        found: Tensor = self.state(self.blocks(pixels).mean((2, 3)))
        return found


def changed(pixels: Tensor) -> Tensor:
    """Pictures ``[batch, 3, side, side]`` turned, moved, scaled and in other light, each at random."""
    count = len(pixels)

    def drawn(most: float, *shape: int) -> Tensor:
        return (torch.rand(count, *shape, device=pixels.device) * 2 - 1) * most

    angle, size = drawn(TURNED), 1 + drawn(SCALED)
    cosine, sine = torch.cos(angle) * size, torch.sin(angle) * size
    move = drawn(SHIFTED * 2, 2)
    rows = torch.stack([cosine, -sine, move[:, 0], sine, cosine, move[:, 1]], dim=1).view(count, 2, 3)
    grid = nn.functional.affine_grid(rows, list(pixels.shape), align_corners=False)
    moved = nn.functional.grid_sample(pixels, grid, padding_mode="border", align_corners=False)
    return moved * (1 + drawn(COLOUR, 1, 1, 1)) + drawn(COLOUR, 1, 1, 1)


def read_pictures(width: int) -> Trainable:
    """A convolutional network over squares of `SIDE` pixels."""
    preprocess = Pixels(size=SIDE, fit="pad", resample=Resampling.BICUBIC, mean=[127.5] * 3, std=[64.0] * 3)
    return Trainable(preprocess, PictureNetwork(width), "convolutions of pictures 1", width)
