"""The common style of plots: colours for light and dark pages, and no frames."""

from collections.abc import Mapping, Sequence

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sensorium.terminal import plain

matplotlib.rcParams["text.parse_math"] = False  # labels are somebody's words, not formulas
BLUE, ORANGE, GREY, GREEN, RED = "#3b82f6", "#f97316", "#94a3b8", "#10b981", "#ef4444"
CYCLE = (BLUE, ORANGE, GREEN, "#a855f7", "#eab308", "#06b6d4", "#ec4899", GREY)
WIDE, NARROW = 10, 3.7  # inches: the width of a page, and of a telephone
LONGEST_NAME = 80  # letters of a name
MOST_LETTERS = 300  # of a cell
PANEL = 3.0  # inches: three of them fill a page
MIDDLING = 5.5  # inches: what a telephone shows as a whole, somewhat smaller


def canvas(width: float, height: float) -> tuple[Figure, Axes]:
    """An empty figure of so many inches, and its axes."""
    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.subplots()
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_alpha(0.4)
    axes.tick_params(length=0)
    return figure, axes


def curves(panels: Mapping[str, Mapping[str, Sequence[float]]], ticks: Sequence[str], label: str) -> list[Figure]:
    """Lines over the same few steps, a plot a panel, sharing the scale.

    Args:
        panels: panel -> line -> a value a tick.
        ticks: names of the steps.
        label: of the vertical axis.
    """
    values = [value for lines in panels.values() for line in lines.values() for value in line]
    room = 0.06 * (max(values) - min(values) or 1)
    figures = []
    for name, lines in panels.items():
        figure, axes = canvas(PANEL, 2.8)
        for colour, (line, heights) in zip(CYCLE * len(lines), lines.items(), strict=False):
            axes.plot(range(len(ticks)), heights, color=colour, marker="o", markersize=4, linewidth=2, label=line)
        axes.set_title(name, fontsize=11, loc="left")
        axes.set_xticks(range(len(ticks)), ticks, fontsize=9)
        axes.set_ylim(min(values) - room, max(values) + room)
        axes.set_ylabel(label)
        axes.grid(axis="y", alpha=0.15)
        axes.legend(frameon=False, fontsize=8, loc="best")
        figures.append(figure)
    return figures


def shortened(words: str, most: int = MOST_LETTERS) -> str:
    """The words, or their beginning where they are long; characters that no font shows are written as Python does."""
    shown = plain(words)
    return shown if len(shown) <= most else f"{shown[: most - 1].rstrip()}…"
