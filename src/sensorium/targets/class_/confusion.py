"""Which classes the model confuses: a plot, a picture, and a table for DVC's plots."""

import csv
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from sensorium.files import replacing
from sensorium.plots import canvas, shortened
from sensorium.targets.class_.figures import Predictions
from sensorium.targets.judging import Judged
from sensorium.targets.showing import Board

MOST_CLASSES = 24  # that a plot has room for
MOST_PAIRS = 30
LONGEST = 40  # letters of a class
SHORT, LETTER = 16, 0.09  # letters that have room beside any matrix; inches of each that goes beyond
OTHERS = "all others"


def draw(predictions: Predictions, names: Sequence[str]) -> Figure:
    """Draws the confusion matrix, a row for every true class.

    Of many classes those with most mistakes are drawn, and one row and column for all others.
    """
    labels, predicted, shown = _worst(predictions, names)
    matrix = np.zeros((len(shown), len(shown)), int)
    np.add.at(matrix, (labels, predicted), 1)
    rates = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    side, room = 1.6 + 0.5 * len(shown), LETTER * max(0, max(map(len, shown)) - SHORT)
    figure, axes = canvas(side + 0.8 + room, side + room)
    shade = LinearSegmentedColormap.from_list("shade", [(0.23, 0.51, 0.96, 0.0), (0.15, 0.39, 0.92, 1.0)])
    axes.pcolormesh(rates, cmap=shade, vmin=0, vmax=1)
    axes.set_xticks(np.arange(len(shown)) + 0.5, shown, rotation=45, ha="right")
    axes.set_yticks(np.arange(len(shown)) + 0.5, shown)
    axes.invert_yaxis()
    axes.set_xlabel("predicted")
    axes.set_ylabel("true")
    for row, column in zip(*np.nonzero(matrix), strict=True):
        colour = "white" if rates[row, column] > 0.5 else "black"
        axes.text(column + 0.5, row + 0.5, str(matrix[row, column]), ha="center", va="center", color=colour, fontsize=9)
    axes.spines[:].set_visible(False)
    return figure


def note(names: Sequence[str]) -> str:
    """The sentence that explains the plot."""
    sentence = "A row is a true class; shade and numbers show what its test rows were predicted as."
    if len(names) <= MOST_CLASSES:
        return sentence
    drawn = f"the {MOST_CLASSES} with most mistakes are drawn; {OTHERS!r} are the rest."
    return f"{sentence} Of {len(names):,} classes {drawn}"


def pairs(predictions: Predictions, names: Sequence[str]) -> list[tuple[str, str, int, float]]:
    """The commonest mistakes, if the plot has no room for all classes: true class, predicted class, rows, fraction."""
    if len(names) <= MOST_CLASSES:
        return []
    wrong = predictions.labels != predictions.predicted
    mistakes = Counter(zip(predictions.labels[wrong].tolist(), predictions.predicted[wrong].tolist(), strict=True))
    sizes = np.bincount(predictions.labels, minlength=len(names))
    worst = sorted(mistakes.items(), key=lambda one: (-one[1], -one[1] / sizes[one[0][0]], one[0]))[:MOST_PAIRS]
    return [(names[label], names[predicted], count, count / sizes[label]) for (label, predicted), count in worst]


def write(board: Board, target: str, judged: Judged, names: Sequence[str], folder: Path) -> None:
    """Adds confusion to a page, and writes ``TARGET.png`` and ``confusion/TARGET.csv``, a line for every test row."""
    predictions = cast(Predictions, judged)
    board.picture(f"{target}: confusion", draw(predictions, names), note(names))
    if worst := pairs(predictions, names):
        board.table(
            f"{target}: the commonest mistakes",
            ["class", "predicted as", "test rows", "of the class"],
            [[label, predicted, f"{count:,}", f"{share:.0%}"] for label, predicted, count, share in worst],
            "All answers are in predictions/test.parquet.",
            texts=2,
        )
    write_files(predictions, names, folder, target)


def write_files(predictions: Predictions, names: Sequence[str], folder: Path, target: str) -> None:
    """Writes ``TARGET.png`` and ``confusion/TARGET.csv``, a line for every test row."""
    with replacing(folder / f"{target}.png") as beside:
        draw(predictions, names).savefig(beside, format="png", dpi=120, metadata={"Software": None})
    both = sorted(zip(predictions.labels.tolist(), predictions.predicted.tolist(), strict=True))
    with replacing(folder / "confusion" / f"{target}.csv") as beside, beside.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["actual", "predicted"])
        writer.writerows([_within_script(names[label]), _within_script(names[predicted])] for label, predicted in both)


def _within_script(name: str) -> str:
    """A class name without the character that begins a tag: DVC writes names into scripts of its page unescaped."""
    return name.replace("<", "\u2039")


def _worst(predictions: Predictions, names: Sequence[str]) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Places ``[rows]`` of the true and the predicted class among those that are drawn, and their names."""
    if len(names) <= MOST_CLASSES:
        return predictions.labels, predictions.predicted, [shortened(name, LONGEST) for name in names]
    wrong = predictions.labels != predictions.predicted
    both = np.concatenate([predictions.labels[wrong], predictions.predicted[wrong]])
    mistakes = np.bincount(both, minlength=len(names))
    drawn = np.sort(np.argsort(-mistakes, kind="stable")[:MOST_CLASSES])
    place = np.full(len(names), MOST_CLASSES)
    place[drawn] = np.arange(MOST_CLASSES)
    shown = [shortened(names[number], LONGEST) for number in drawn]
    return place[predictions.labels], place[predictions.predicted], [*shown, OTHERS]
