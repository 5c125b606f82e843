"""How well each tag is told, as bars and as a table."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from sensorium.plots import BLUE, GREY, LONGEST_NAME, WIDE, canvas, shortened
from sensorium.targets.multilabel.figures import PredictedTags
from sensorium.targets.showing import Board

MOST_BARS = 30
LONGEST = 24  # letters of a tag below a bar


def write(board: Board, target: str, found: PredictedTags, tags: Sequence[str], thresholds: Sequence[float]) -> None:
    """Adds them to a page.

    Args:
        board: the page.
        target: its name.
        found: test rows whose tags are known.
        tags: their names.
        thresholds: from which probability each is said.
    """
    of_tags = sorted(zip(tags, thresholds, found.of_tags(), strict=True), key=lambda one: -one[2]["rows"])
    some = f" Drawn are the {MOST_BARS} commonest of {len(tags):,}." if len(tags) > MOST_BARS else ""
    board.picture(
        f"{target}: F1 of each tag",
        _bars([(tag, figures["f1"]) for tag, _, figures in of_tags[:MOST_BARS]]),
        f"Tags of most test rows first; the line is their mean.{some}",
    )
    board.table(
        f"{target}: each tag",
        ["tag", "test rows", "precision", "recall", "F1", "average precision", "said from"],
        [
            [shortened(tag, LONGEST_NAME), f"{figures['rows']:,}", *_figures(figures), f"{threshold:.0%}"]
            for tag, threshold, figures in of_tags
        ],
        "The probability from which a tag is said is chosen on validation rows; of rare tags drawn to that of all.",
        whole="predictions/test.parquet",
    )


def _figures(of_tag: dict[str, float]) -> list[str]:
    values = [of_tag[name] for name in ("precision", "recall", "f1", "average_precision")]
    return ["" if np.isnan(value) else f"{value:.3f}" for value in values]


def _bars(heights: Sequence[tuple[str, float]]) -> Figure:
    figure, axes = canvas(WIDE, 3.2)
    places, values = np.arange(len(heights)), [height for _, height in heights]
    axes.bar(places, values, color=BLUE, width=0.7)
    axes.axhline(float(np.mean(values)), color=GREY, linestyle=":")
    axes.set_xticks(places, [shortened(name, LONGEST) for name, _ in heights], rotation=45, ha="right", fontsize=9)
    axes.set_ylim(0, 1)
    axes.set_ylabel("F1")
    axes.grid(axis="y", alpha=0.15)
    return figure
