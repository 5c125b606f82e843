"""Predicted numbers against true ones, by how much they are off, and how often intervals hold the truth."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure
from scipy.stats import norm

from sensorium.plots import BLUE, GREY, ORANGE, canvas
from sensorium.targets.number.figures import PredictedNumbers
from sensorium.targets.number.parts import PARTS
from sensorium.targets.number.scale import Scale
from sensorium.targets.number.state import COVERAGE
from sensorium.targets.showing import Board

MOST_DOTS = 1000
LEVELS = np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95])  # that intervals promise
SIDE = 4.6  # inches: two of them fill a page
INNER = 0.98  # of the numbers, that a plot's axes hold: a few far ones would leave all others in a corner


def write(
    board: Board, target: str, found: PredictedNumbers, scale: Scale, intervals: Mapping[str, np.ndarray]
) -> None:
    """Adds them to a page.

    Args:
        board: the page.
        target: its name.
        found: test rows whose number is known.
        scale: on which it is learnt.
        intervals: numbers and the ends of their intervals ``[rows, 3]`` of these rows, by how they were made.
    """
    rows = np.linspace(0, len(found.numbers) - 1, min(MOST_DOTS, len(found.numbers))).astype(int)
    some = f", of {len(found.numbers):,}" if len(rows) < len(found.numbers) else ""
    board.picture(
        f"{target}: predicted against true",
        [_against(found, rows), _residuals(found, rows)],
        f"A dot is a test row{some}; orange ones lie outside of their interval. Dots on the dotted lines are right; "
        f"the second plot shows how far predictions are off. The outermost {1 - INNER:.0%} are drawn at the edge.",
    )
    board.picture(
        f"{target}: calibration of intervals",
        _coverage({how: stretches(scale, rows, found.numbers) for how, rows in intervals.items()}),
        f"How often intervals hold the true number. Those that are answered promise {COVERAGE:.0%}; for other "
        "promises each is widened or narrowed around its number as it would be if errors were normal. Where a line is "
        "below the dotted one, the model is surer than it should be. Calibration moves the ends on rows that it was "
        "not fitted to.",
    )
    parts = np.array_split(np.argsort(found.predicted, kind="stable"), min(PARTS, len(found.numbers)))
    board.table(
        f"{target}: intervals",
        ["predicted", "hold the truth", "mean width", "test rows"],
        [_interval(found, part) for part in parts],
        f"{COVERAGE:.0%} of the intervals are to hold the true number, among large predictions as among small ones.",
    )


def _interval(found: PredictedNumbers, part: np.ndarray) -> list[str]:
    predicted, width = found.predicted[part], (found.high - found.low)[part]
    span = f"{predicted.min():.4g} to {predicted.max():.4g}"
    return [span, f"{found.held[part].mean():.1%}", f"{width.mean():.4g}", f"{len(part):,}"]


def stretches(scale: Scale, predictions: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """How many times as wide each interval would have to be to hold the truth just so ``[rows]``, on a scale."""
    number, low, high = scale.standardised(predictions).T
    miss = scale.standardised(truth) - number
    half = np.where(miss > 0, high - number, number - low)
    return np.divide(np.abs(miss), half, out=np.where(miss == 0, 0.0, np.inf), where=half > 0)


def _coverage(of: Mapping[str, np.ndarray]) -> Figure:
    """The part of intervals that hold the truth, by the part that is promised to."""
    figure, axes = canvas(SIDE, 3.8)
    widths = norm.ppf((1 + LEVELS) / 2) / norm.ppf((1 + COVERAGE) / 2)
    for colour, (how, needed) in zip((ORANGE, BLUE), of.items(), strict=True):
        held = (needed[:, None] <= widths).mean(0)
        axes.plot(LEVELS, held, color=colour, marker="o", markersize=4, linewidth=1.5, alpha=0.75, label=how)
    axes.plot([0, 1], [0, 1], color=GREY, linestyle=":", label="perfect", zorder=0)
    axes.axvline(COVERAGE, color=GREY, linewidth=0.8, alpha=0.6, zorder=0)
    axes.set_xlabel("promised")
    axes.set_ylabel("hold the truth")
    axes.legend(frameon=False, loc="upper left", fontsize=9)
    return figure


def _against(found: PredictedNumbers, rows: np.ndarray) -> Figure:
    figure, axes = canvas(SIDE, 3.8)
    low, high = _ends(np.concatenate([found.numbers, found.predicted]))
    shown = [np.clip(numbers[rows], low, high) for numbers in (found.numbers, found.predicted)]
    axes.scatter(shown[0], shown[1], s=10, alpha=0.6, color=_colours(found, rows))
    axes.plot([low, high], [low, high], color=GREY, linestyle=":", zorder=0)
    axes.set_xlabel("true")
    axes.set_ylabel("predicted")
    return figure


def _residuals(found: PredictedNumbers, rows: np.ndarray) -> Figure:
    figure, axes = canvas(SIDE, 3.8)
    missed = found.predicted - found.numbers
    shown = [np.clip(numbers[rows], *_ends(numbers)) for numbers in (found.predicted, missed)]
    axes.scatter(shown[0], shown[1], s=10, alpha=0.6, color=_colours(found, rows))
    axes.axhline(0, color=GREY, linestyle=":", zorder=0)
    axes.set_xlabel("predicted")
    axes.set_ylabel("predicted less true")
    return figure


def _ends(numbers: np.ndarray) -> tuple[float, float]:
    low, high = np.quantile(numbers, [(1 - INNER) / 2, (1 + INNER) / 2])
    return float(low), float(high)


def _colours(found: PredictedNumbers, rows: np.ndarray) -> list[str]:
    return [BLUE if held else ORANGE for held in found.held[rows]]
