"""Pictures of drawings (SVG). What a drawing refers to cannot be opened, and no font of this machine is used."""

import resvg_py

from sensorium.decoding.limited import Limits
from sensorium.errors import BadInput, reason

CANVAS = 320  # pixels of the longer side
DPI = 96  # of CSS: without it what is told in mm, pt or inches has no size
LIMITS = Limits(seconds=3.0, memory=256_000_000)


def read(raw: bytes) -> bytes:
    """A PNG of a drawing.

    Raises:
        BadInput: if it cannot be drawn.
    """
    svg = raw.decode("utf-8", errors="replace")
    try:
        return _drawn(svg)
    except Exception:  # the binding raises bare exceptions
        try:  # drawings without a size of their own need both sides
            return _drawn(svg, height=CANVAS)
        except Exception as error:
            raise BadInput(f"the drawing cannot be rendered ({reason(error)})") from error


def _drawn(svg: str, height: int | None = None) -> bytes:
    return bytes(resvg_py.svg_to_bytes(svg_string=svg, skip_system_fonts=True, width=CANVAS, height=height, dpi=DPI))
