"""What compression gained and cost, as a page."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from matplotlib.figure import Figure

from sensorium.compression.choice import Measured
from sensorium.report.page import Page
from sensorium.report.plots import BLUE, GREY, ORANGE, WIDE, canvas


def write_report(tried: Sequence[Measured], chosen: Measured, fits: Mapping[str, bool], folder: Path) -> None:
    """Writes ``folder/index.html``: every candidate with size, time and accuracy.

    Args:
        tried: all candidates, the uncompressed one first.
        chosen: the one that is served.
        fits: by name, whether a candidate keeps the bounds.
        folder: where to write.
    """
    fp32 = tried[0]
    page = Page(
        "Compression",
        f"Served is {chosen.name}: {chosen.megabytes:.1f} MB instead of {fp32.megabytes:.1f}, "
        f"{chosen.percentile(50):.1f} ms a prediction instead of {fp32.percentile(50):.1f}.",
    )
    targets = list(fp32.accuracy)
    page.table(
        "Candidates",
        ["candidate", "MB", "p50 ms", "p95 ms", *(f"{target} accuracy" for target in targets), "largest drop", ""],
        [
            [
                one.name,
                f"{one.megabytes:.1f}",
                f"{one.percentile(50):.1f}",
                f"{one.percentile(95):.1f}",
                *(f"{one.accuracy[target]:.3f}" for target in targets),
                f"{one.drop(fp32):+.3f}",
                "served" if one is chosen else "kept the bounds" if fits[one.name] else "refused",
            ]
            for one in tried
        ],
        "Measured by ONNX Runtime with one thread on the same test rows; times are of one row with all its inputs, "
        "preprocessing included.",
    )
    page.picture("Size and time", _trade_off(tried, chosen), "Down and to the left is better.")
    page.write(folder)


def _trade_off(tried: Sequence[Measured], chosen: Measured) -> Figure:
    figure, (axes,) = canvas(WIDE, 3.2)
    for one in tried:
        colour = ORANGE if one is chosen else BLUE if one is tried[0] else GREY
        axes.scatter(one.megabytes, one.percentile(50), color=colour, s=70)
        axes.annotate(one.name, (one.megabytes, one.percentile(50)), xytext=(6, 6), textcoords="offset points")
    axes.set_xlim(0, 1.25 * max(one.megabytes for one in tried))
    axes.set_ylim(0, 1.25 * max(one.percentile(50) for one in tried))
    axes.set_xlabel("MB")
    axes.set_ylabel("ms a prediction, median")
    return figure
