"""Plots of the house's make: colours that read on light and dark, no frames, numbers where the eye is."""

from collections.abc import Mapping, Sequence

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

matplotlib.rcParams["text.parse_math"] = False  # labels are somebody's words, not formulas
BLUE, ORANGE, GREY, GREEN, RED = "#3b82f6", "#f97316", "#94a3b8", "#10b981", "#ef4444"
CYCLE = (BLUE, ORANGE, GREEN, "#a855f7", "#eab308", "#06b6d4", "#ec4899", GREY)
WIDE = 10  # inches: the width of a page


def canvas(width: float, height: float, columns: int = 1) -> tuple[Figure, list[Axes]]:
    """An empty figure of so many inches with axes side by side."""
    figure = Figure(figsize=(width, height), layout="constrained")
    every = list(figure.subplots(1, columns, squeeze=False)[0])
    for axes in every:
        axes.spines[["top", "right"]].set_visible(False)
        axes.spines[["left", "bottom"]].set_alpha(0.4)
        axes.tick_params(length=0)
    return figure, every


def bars(lengths: Mapping[str, float], colours: Sequence[str] | str = BLUE, form: str = "{:,.0f}") -> Figure:
    """A horizontal bar with its number for every name."""
    figure, (axes,) = canvas(WIDE, 0.32 * len(lengths) + 0.5)
    drawn = axes.barh(list(lengths), list(lengths.values()), color=colours, height=0.7)
    axes.bar_label(drawn, labels=[form.format(length) for length in lengths.values()], padding=4, fontsize=9)
    axes.invert_yaxis()
    axes.margins(x=0.12)
    axes.xaxis.set_visible(False)
    axes.spines["bottom"].set_visible(False)
    return figure


def whiskers(
    rows: Sequence[tuple[str, float, Sequence[float] | None]], colours: Sequence[str], line: float | None = None
) -> Figure:
    """A dot with its interval for every name, its number at the right.

    Args:
        rows: name, value, interval.
        colours: one a row.
        line: a value to compare with, drawn through all rows.
    """
    figure, (axes,) = canvas(WIDE, 0.34 * len(rows) + 0.6)
    for place, ((_, value, bounds), colour) in enumerate(zip(rows, colours, strict=True)):
        low, high = bounds or (value, value)
        axes.plot([low, high], [place, place], color=colour, linewidth=3, alpha=0.45, solid_capstyle="round")
        axes.scatter([value], [place], color=colour, s=42, zorder=3)
        axes.annotate(
            f"{value:.3f}", (1.01, place), xycoords=("axes fraction", "data"), va="center", fontsize=9, color=colour
        )
    if line is not None:
        axes.axvline(line, color=GREY, linestyle=":", linewidth=1)
    axes.set_yticks(range(len(rows)), [name for name, _, _ in rows])
    axes.invert_yaxis()
    axes.grid(axis="x", alpha=0.15)
    return figure


def curves(panels: Mapping[str, Mapping[str, Sequence[float]]], ticks: Sequence[str], label: str) -> Figure:
    """Lines over the same few steps, a panel a name, sharing the scale.

    Args:
        panels: panel -> line -> a value a tick.
        ticks: names of the steps.
        label: of the vertical axis.
    """
    figure, every = canvas(min(WIDE, 3.1 * len(panels) + 0.6), 3.1, len(panels))
    values = [value for lines in panels.values() for line in lines.values() for value in line]
    room = 0.06 * (max(values) - min(values) or 1)
    for axes, (name, lines) in zip(every, panels.items(), strict=True):
        for colour, (line, heights) in zip(CYCLE * len(lines), lines.items(), strict=False):
            axes.plot(range(len(ticks)), heights, color=colour, marker="o", markersize=4, linewidth=2, label=line)
        axes.set_title(name, fontsize=11, loc="left")
        axes.set_xticks(range(len(ticks)), ticks, fontsize=9)
        axes.set_ylim(min(values) - room, max(values) + room)
        axes.grid(axis="y", alpha=0.15)
        axes.legend(frameon=False, fontsize=8, loc="best")
    every[0].set_ylabel(label)
    return figure
