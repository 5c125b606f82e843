"""The calibration of a target: whether its confidence is its accuracy, as a picture and a table."""

from collections.abc import Mapping
from typing import Any

from matplotlib.figure import Figure

from sensorium.plots import BLUE, GREY, LONGEST_NAME, ORANGE, canvas, shortened
from sensorium.targets.class_.figures import BINS, Predictions, reliability
from sensorium.targets.showing import Board, TestRows

DOTS = 10  # of the plot


def write(board: Board, target: str, rows: TestRows, before: Predictions, after: Predictions) -> None:
    """Adds a target's calibration to a page.

    Args:
        board: the page.
        target: its name.
        rows: figures and predictions.
        before: what was predicted before calibration.
        after: and by it.
    """
    board.picture(f"{target}: calibration", _draw(before, after), _note(rows.figures["calibration"]))
    board.table(
        f"{target}: calibration with fewer inputs",
        ["inputs", "accuracy", "mean confidence", "calibration error", "test rows"],
        [_subset_row(name, entry) for name, entry in rows.subsets],
        "Each subset of the inputs has a temperature of its own, fitted on validation rows.",
        whole="metrics/subsets.json",
    )


def _subset_row(name: str, entry: Mapping[str, Any]) -> list[str]:
    percentages = (f"{entry[figure]:.1%}" for figure in ("accuracy", "confidence"))
    return [shortened(name, LONGEST_NAME), *percentages, f"{entry['calibration_error']:.3f}", f"{entry['rows']:,}"]


def _note(found: Mapping[str, Any]) -> str:
    """What calibration changed, and how to read the plot."""
    before, after = (found[when]["calibration_error"] for when in ("before", "after"))
    return (
        f"The rows are sorted by the confidence of their prediction and cut into {DOTS} parts of equal size, a dot "
        "each. Where a dot lies on the dotted line, accuracy and confidence are the same. Dividing by a "
        f"temperature of {found['temperature']:.2f} (the median: each subset of inputs has its own), fitted on "
        f"validation rows, takes the calibration error from "
        f"{before:.3f} to {after:.3f} (that figure is a mean over {BINS} parts of equal width)."
    )


def _draw(before: Predictions, after: Predictions) -> Figure:
    figure, axes = canvas(5, 4)
    lowest = 1.0
    for name, judged, colour in (("before", before, ORANGE), ("after temperature scaling", after, BLUE)):
        confidence, accuracy = zip(*reliability(judged.confidence, judged.scores, DOTS), strict=True)
        axes.plot(confidence, accuracy, color=colour, marker="o", linewidth=1.5, alpha=0.75, label=name)
        lowest = min(lowest, *confidence, *accuracy)
    axes.plot([lowest, 1], [lowest, 1], color=GREY, linestyle=":", label="perfect", zorder=0)
    axes.set_xlabel("confidence")
    axes.set_ylabel("accuracy")
    axes.legend(frameon=False, loc="upper left", fontsize=9)
    return figure
