"""Which classes are taken for which, as a plot, a picture and a table for DVC's plots."""

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from sensorium.evaluation.metrics import Predictions, confusion
from sensorium.files import replacing
from sensorium.report.plots import canvas


def draw(predictions: Predictions, names: Sequence[str]) -> Figure:
    """A row for every true class; shade and numbers say what its rows were taken for."""
    matrix = confusion(predictions)
    shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    side = 1.6 + 0.5 * len(names)
    figure, axes = canvas(side + 0.8, side)
    shade = LinearSegmentedColormap.from_list("shade", [(0.23, 0.51, 0.96, 0.0), (0.15, 0.39, 0.92, 1.0)])
    axes.pcolormesh(shares, cmap=shade, vmin=0, vmax=1)
    axes.set_xticks(np.arange(len(names)) + 0.5, names, rotation=45, ha="right")
    axes.set_yticks(np.arange(len(names)) + 0.5, names)
    axes.invert_yaxis()
    axes.set_xlabel("predicted")
    axes.set_ylabel("true")
    for row, column in zip(*np.nonzero(matrix), strict=True):
        colour = "white" if shares[row, column] > 0.5 else "black"
        axes.text(column + 0.5, row + 0.5, str(matrix[row, column]), ha="center", va="center", color=colour, fontsize=9)
    axes.spines[:].set_visible(False)
    return figure


def write(predictions: Predictions, names: Sequence[str], folder: Path, target: str) -> None:
    """Writes ``TARGET.png`` and ``confusion/TARGET.csv``, a line for every test row."""
    with replacing(folder / f"{target}.png") as beside:
        draw(predictions, names).savefig(beside, format="png", dpi=120, metadata={"Software": None})
    pairs = sorted(zip(predictions.labels.tolist(), predictions.predicted.tolist(), strict=True))
    with replacing(folder / "confusion" / f"{target}.csv") as beside, beside.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["actual", "predicted"])
        writer.writerows([names[label], names[said]] for label, said in pairs)
