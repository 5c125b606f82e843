"""A clip as a person looks at it: frames side by side, the change between them, and a player."""

import base64
import io
import math
from collections.abc import Sequence

import numpy as np
from PIL import Image as Pillow

from sensorium.decoding.clip import Clip
from sensorium.modalities.sketch import Sketch

STRIP, GAP = 96, 4  # pixels: the height of frames side by side, and what is between them
CURVE = (300, 28)  # of the change from frame to frame, in the picture's own units
LEAST = 0.02  # of all brightness, a change that reaches the top
WIDEST = 600  # pixels of frames in one row; wider ones stand in two
PLAYED = 240  # pixels of the longer side
Span = tuple[int, int]


def strip(value: Clip, spans: Sequence[Span]) -> Sketch:
    """A frame of each span of a clip's frames, which are told by the first and the one behind the last."""
    small = _reduced(value, STRIP, value.frames.shape[1])
    width, height = small.shape[2] + GAP, small.shape[1] + GAP
    columns = len(spans) if width * len(spans) <= WIDEST else math.ceil(len(spans) / 2)
    cells = {span: divmod(place, columns) for place, span in enumerate(spans)}
    across, down = width * columns - GAP, height * math.ceil(len(spans) / columns) - GAP
    pixels = np.zeros((down, across, 4), np.uint8)  # what lies between frames is seen through
    for (start, end), (row, column) in cells.items():
        cell = pixels[row * height : (row + 1) * height - GAP, column * width : (column + 1) * width - GAP]
        cell[..., :3], cell[..., 3] = small[(start + end - 1) // 2], 255
    parts = {span: (column * width, row * height, width - GAP, height - GAP) for span, (row, column) in cells.items()}
    return Sketch("strip", "frames", across, down, parts, image=_picture(pixels))


def curve(changes: np.ndarray) -> str:
    """The change from frame to frame along the clip; nothing of two frames, between which there is but one."""
    if len(changes) < 2:
        return ""
    most, (width, height) = max([*changes, LEAST]), CURVE
    line = " ".join(
        f"{(place + 1) * width / (len(changes) + 1):.1f},{1 + (height - 2) * (1 - change / most):.1f}"
        for place, change in enumerate(changes)
    )
    box = f'viewBox="0 0 {width} {height}" preserveAspectRatio="none"'
    lines = f'<svg class="curve" {box} aria-hidden="true"><polyline points="{line}"/></svg>'
    return f"{lines}<small>change from frame to frame</small>"


def player(value: Clip) -> str:
    """Its frames at their times."""
    small = _reduced(value, PLAYED, max(value.frames.shape[1:3]))
    film = base64.b64encode(value.film(small)).decode()
    return (
        f'<video controls muted playsinline preload="none" poster="{_picture(small[len(small) // 2])}" '
        f'src="data:video/webm;base64,{film}"></video>'
    )


def _reduced(value: Clip, most: int, side: int) -> np.ndarray:
    """Frames of which a side of this length has at most so many pixels."""
    height, width = value.frames.shape[1:3]
    scale = min(1.0, most / side)
    size = max(2, round(width * scale)), max(2, round(height * scale))
    return np.stack([np.asarray(Pillow.fromarray(one).resize(size, Pillow.Resampling.BOX)) for one in value.frames])


def _picture(pixels: np.ndarray) -> str:
    stream = io.BytesIO()
    Pillow.fromarray(pixels).save(stream, "WEBP", quality=75)
    return f"data:image/webp;base64,{base64.b64encode(stream.getvalue()).decode()}"
