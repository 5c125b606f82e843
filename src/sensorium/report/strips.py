"""Charts of bars, and of dots with intervals, as HTML that fits any screen."""

from collections.abc import Mapping, Sequence

from markupsafe import Markup
from matplotlib.ticker import MaxNLocator

from sensorium.plots import BLUE, LONGEST_NAME, shortened
from sensorium.report.page import render

TICKS = 4  # at most, below dots


def bars(lengths: Mapping[str, float], colours: Sequence[str] | str = BLUE, form: str = "{:,.0f}") -> Markup:
    """A horizontal bar with its number for every name.

    Args:
        lengths: by name, from zero up.
        colours: one for all, or at least one a name.
        form: of the number.
    """
    longest = max(lengths.values(), default=0) or 1
    each = [colours] * len(lengths) if isinstance(colours, str) else colours
    rows = [
        {
            "name": shortened(name, LONGEST_NAME),
            "colour": colour,
            "figure": form.format(length),
            "from": 0.0,
            "to": 100 * length / longest,
        }
        for (name, length), colour in zip(lengths.items(), each, strict=False)
    ]
    return Markup(render("templates/strips.html", rows=rows, kind="bar"))


def whiskers(
    rows: Sequence[tuple[str, float, Sequence[float] | None]],
    colours: Sequence[str],
    key: Mapping[str, str],
    line: tuple[str, float] | None = None,
) -> Markup:
    """A dot with its interval for every name, its number at the right, and a legend above.

    Args:
        rows: name, value, interval.
        colours: one a row.
        key: what each colour means, meaning to colour.
        line: a value to compare with, drawn through all rows, and what it is.
    """
    ends = [end for _, value, bounds in rows for end in (value, *(bounds or ()))]
    ticks = MaxNLocator(TICKS).tick_values(min(ends), max(ends))
    low, high = ticks[0], ticks[-1]

    def place(value: float) -> float:
        return float(100 * (value - low) / ((high - low) or 1))

    drawn = [
        {
            "name": shortened(name, LONGEST_NAME),
            "colour": colour,
            "figure": f"{value:.3f}",
            "interval": "{:.3f} to {:.3f}".format(*bounds) if bounds else "",
            "from": place((bounds or [value])[0]),
            "to": place((bounds or [value])[-1]),
            "at": place(value),
        }
        for (name, value, bounds), colour in zip(rows, colours, strict=True)
    ]
    return Markup(
        render(
            "templates/strips.html",
            rows=drawn,
            kind="interval",
            key=key,
            ticks=[(f"{tick:g}", place(tick)) for tick in ticks],
            line=line and (line[0], place(line[1])),
        )
    )
