"""One frame of libav's as small pixels, the right way up."""

from typing import Any

import av
import numpy as np
from av.video.reformatter import Interpolation
from PIL import Image as Pillow

from sensorium.errors import BadInput

MOST_PIXELS = 2**24  # of a frame: twice what UHD has
SHORTER_SIDE, LONGER_SIDE = 224, 448  # at most: what common encoders read
SHORTEST_SIDE = 2
SCALING = Interpolation.AREA | Interpolation.ACCURATE_RND | Interpolation.BITEXACT | Interpolation.FULL_CHR_H_INT


def small(frame: Any) -> np.ndarray:
    """Its pixels, reduced and the right way up; transparency is laid on white."""
    if frame.width * frame.height > MOST_PIXELS:
        raise BadInput(f"the clip has a frame of {frame.width} x {frame.height} pixels, which is too large")
    width, height = _size(frame.width, frame.height)
    turned = round(frame.rotation / 90) % 4
    if any(component.is_alpha for component in frame.format.components):
        picture = Pillow.fromarray(frame.to_ndarray(format="rgba"))
        white = Pillow.new("RGBA", picture.size, (255, 255, 255, 255))
        frame = av.VideoFrame.from_ndarray(np.asarray(Pillow.alpha_composite(white, picture)), format="rgba")
    small = frame.reformat(width, height, "rgb24", interpolation=SCALING, threads=1)
    return np.rot90(small.to_ndarray(), turned)


def like(first: np.ndarray, pixels: np.ndarray) -> np.ndarray:
    """Pixels in the size of the first frame's, as streams may change theirs."""
    if pixels.shape == first.shape:
        return pixels
    return np.asarray(Pillow.fromarray(np.ascontiguousarray(pixels)).resize(first.shape[1::-1], Pillow.Resampling.BOX))


def _size(width: int, height: int) -> tuple[int, int]:
    """What a frame shrinks to, its shape kept as well as whole numbers can; it never grows, but to the least there is.

    Args:
        width: in the file.
        height: in the file.
    """
    scale = min(1.0, SHORTER_SIDE / min(width, height), LONGER_SIDE / max(width, height))
    return max(SHORTEST_SIDE, round(width * scale)), max(SHORTEST_SIDE, round(height * scale))
