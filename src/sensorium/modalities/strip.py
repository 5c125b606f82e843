"""A clip as a person looks at it: frames side by side, the change between them, and a player."""

import base64
import io
import math
from collections.abc import Sequence

import numpy as np
from PIL import Image as Pillow

from sensorium.decoding.clip import Clip
from sensorium.modalities.weighted import weighted

STRIP, GAP, CURVE = 96, 4, 24  # pixels: the height of frames side by side, what is between them, and the curve below
WIDEST = 600  # pixels of frames in one row; wider ones stand in two
PLAYED = 240  # pixels of the longer side
Span = tuple[int, int]


def shown(value: Clip, spans: Sequence[Span], changes: np.ndarray, weights: Sequence[tuple[Span, float]]) -> str:
    """A frame of each span, the change from frame to frame below them, and a player.

    Args:
        value: the clip.
        spans: of its frames, by the first and the one behind the last.
        changes: between neighbouring frames.
        weights: of spans that mattered, which are coloured.
    """
    small = _reduced(value, STRIP, value.frames.shape[1])
    width, height = small.shape[2] + GAP, small.shape[1] + GAP
    columns = len(spans) if width * len(spans) <= WIDEST else math.ceil(len(spans) / 2)
    cells = {span: divmod(place, columns) for place, span in enumerate(spans)}
    across, down = width * columns, height * math.ceil(len(spans) / columns)
    strip = np.full((down, across, 3), 255, np.uint8)
    for (start, end), (row, column) in cells.items():
        top, left = row * height, column * width
        strip[top : top + height - GAP, left : left + width - GAP] = small[(start + end - 1) // 2]
    marks = "".join(
        f'<rect {weighted(weight)} x="{cells[span][1] * width}" y="{cells[span][0] * height}" '
        f'width="{width - GAP}" height="{height - GAP}"/>'
        for span, weight in weights
    )
    film = base64.b64encode(value.film(_reduced(value, PLAYED, max(value.frames.shape[1:3])))).decode()
    most = max([*changes, 0.02])
    line = " ".join(
        f"{(place + 1) * across / len(value.frames):.1f},{down + CURVE * (1 - change / most):.1f}"
        for place, change in enumerate(changes)
    )
    return (
        f'<svg class="strip" viewBox="0 0 {across} {down + CURVE + 1}" role="img" aria-label="frames">'
        f'<image href="{_picture(strip)}" width="{across}" height="{down}"/>{marks}'
        f'<polyline points="{line}"/></svg>'
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
