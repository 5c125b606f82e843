"""Channels of a series as lines of a picture (SVG)."""

from collections.abc import Iterable, Sequence

import numpy as np

from sensorium.modalities.sketch import Sketch

WIDTH, HEIGHT = 300, 44  # of a channel's line, in the picture's own units
NAME = 15  # of the name above it
COLUMNS = 300  # of which each shows from where to where a long channel goes
MARGIN = 4
MOST_SHOWN = 12  # channels
LETTERS = 40  # of a name


def plotted(names: Sequence[str], value: np.ndarray, spans: Iterable[tuple[float, float]]) -> Sketch:
    """The first channels one below the other, each on its own scale, broken where it has gaps.

    Args:
        names: of the channels; some may be empty.
        value: ``[channels, samples]``, gaps as not-a-number.
        spans: parts of it that can be marked, as shares of the series.
    """
    above = NAME if any(names) else 0
    each, shown = HEIGHT + above, value[:MOST_SHOWN]
    height = each * len(shown)
    lines = [_line(channel, each * place + above) for place, channel in enumerate(shown)]
    words = [(2, each * place + NAME - 3, name[:LETTERS]) for place, name in enumerate(names[:MOST_SHOWN]) if name]
    parts = {(start, end): (start * WIDTH, 0, (end - start) * WIDTH, height) for start, end in spans}
    return Sketch("series", "series", WIDTH, height, parts, lines=lines, words=words)


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
