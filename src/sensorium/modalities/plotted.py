"""Channels of a series as lines of a picture (SVG)."""

from collections.abc import Sequence
from html import escape

import numpy as np

WIDTH, HEIGHT = 300, 44  # of a channel's line, in the picture's own units
NAME = 15  # of the name above it
COLUMNS = 300  # of which each shows from where to where a long channel goes
MARGIN = 4
MOST_SHOWN = 12  # channels
LETTERS = 40  # of a name


def plotted(names: Sequence[str], value: np.ndarray, behind: str, label: str) -> str:
    """The first channels one below the other, each on its own scale, broken where it has gaps.

    Args:
        names: of the channels; some may be empty.
        value: ``[channels, samples]``, gaps as not-a-number.
        behind: SVG that is drawn first, as high as ``height`` says.
        label: what all of it is, which stands below.
    """
    above, each = (NAME if any(names) else 0), height(names, value[:1])
    lines = "".join(
        f'<path d="{_line(channel, each * place + above)}"/>'
        + (f'<text x="2" y="{each * place + NAME - 3}">{escape(name[:LETTERS])}</text>' if name else "")
        for place, (name, channel) in enumerate(zip(names, value[:MOST_SHOWN], strict=False))
    )
    more = f", and {len(value) - MOST_SHOWN} more channels" if len(value) > MOST_SHOWN else ""
    box = f'viewBox="0 0 {WIDTH} {height(names, value)}"'
    picture = f'<svg class="series" {box} role="img" aria-label="series">{behind}{lines}</svg>'
    return f"{picture}<small>{escape(label)}{more}</small>"


def height(names: Sequence[str], value: np.ndarray) -> int:
    """Of the picture."""
    return (HEIGHT + (NAME if any(names) else 0)) * min(len(value), MOST_SHOWN)


def _line(channel: np.ndarray, top: int) -> str:
    known = channel[~np.isnan(channel)].astype(np.float64)
    if not len(known):
        return ""
    low, high = known.min(), known.max()
    scale = (HEIGHT - 2 * MARGIN) / (high - low) if high > low else 0.0
    path, is_on = [], False
    for x, one in _points(channel.astype(np.float64)):
        if np.isnan(one):
            is_on = False
            continue
        y = top + HEIGHT - MARGIN - (one - low) * scale if scale else top + HEIGHT / 2
        path.append(f"{'L' if is_on else 'M'}{x:.1f} {y:.1f}")
        is_on = True
    return "".join(path) + ("h.5" if len(path) == 1 else "")


def _points(channel: np.ndarray) -> list[tuple[float, float]]:
    """Places and values; of a long channel the lowest and the highest of every column."""
    if len(channel) <= 2 * COLUMNS:
        return [((place + 0.5) * WIDTH / len(channel), one) for place, one in enumerate(channel)]
    points = []
    for place, piece in enumerate(np.array_split(channel, COLUMNS)):
        known, x = piece[~np.isnan(piece)], (place + 0.5) * WIDTH / COLUMNS
        ends = (known.min(), known.max()) if len(known) else (np.nan,)
        points += [(x, end) for end in ends]
    return points
