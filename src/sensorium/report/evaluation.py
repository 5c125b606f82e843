"""How good the model is, as a page, pictures and tables for DVC's plots."""

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from sensorium.files import replacing
from sensorium.report.page import INK, QUIET, SECOND, Page

NAMES = {"accuracy": "accuracy", "macro_precision": "precision", "macro_recall": "recall", "macro_f1": "F1"}


def write_report(
    found: Mapping[str, Any],
    matrices: Mapping[str, np.ndarray],
    classes: Mapping[str, list[str]],
    confidence: float,
    folder: Path,
) -> None:
    """Writes ``index.html`` and, for every target, its confusion as ``TARGET.png`` and ``confusion/TARGET.csv``.

    Args:
        found: what metrics/evaluate.json holds.
        matrices: confusion counts by target.
        classes: names of the classes by target.
        confidence: of the intervals.
        folder: where to write.
    """
    lead = "; ".join(
        f"{target} is right in {values['accuracy']:.1%} of test rows (always the commonest class: "
        f"{values['majority']['accuracy']:.1%})"
        for target, values in found.items()
    )
    page = Page("Evaluation", lead[:1].upper() + lead[1:] + ".")
    page.table(
        "All inputs",
        ["target", *NAMES.values(), "rows"],
        [
            [target, *(_with_interval(values, name) for name in NAMES), f"{values['rows']:,}"]
            for target, values in found.items()
        ],
        f"Test rows only. Precision, recall and F1 are means over classes; brackets are {confidence:.0%} intervals by "
        "bootstrap over groups of rows that share a value.",
    )
    for target, values in found.items():
        if "without" in values:
            page.picture(f"{target}: what each input is worth", _subsets(values), "Accuracy on the same test rows.")
    for target, matrix in matrices.items():
        page.picture(
            f"{target}: confusion",
            _confusion(matrix, classes[target]),
            "A row is a true class; shade and numbers say what its test rows were taken for.",
        )
        with replacing(folder / f"{target}.png") as beside:
            _confusion(matrix, classes[target]).savefig(
                beside, format="png", dpi=120, bbox_inches="tight", metadata={"Software": None}
            )
        _write_pairs(matrix, classes[target], folder / "confusion" / f"{target}.csv")
    page.write(folder)


def _with_interval(values: Mapping[str, Any], name: str) -> str:
    low, high = values["intervals"][name]
    return f"{values[name]:.3f} [{low:.3f}, {high:.3f}]"


def _subsets(values: Mapping[str, Any]) -> Figure:
    bars = [("all inputs", values["accuracy"], INK)]
    bars += [(f"without {name}", some["accuracy"], SECOND) for name, some in values["without"].items()]
    bars += [(f"only {name}", some["accuracy"], QUIET) for name, some in values["only"].items()]
    figure = Figure(figsize=(8, 0.42 * len(bars) + 0.7))
    axes = figure.subplots()
    names, heights, colours = zip(*bars, strict=True)
    drawn = axes.barh(names, heights, color=colours)
    axes.bar_label(drawn, labels=[f"{height:.3f}" for height in heights], padding=4)
    axes.axvline(values["majority"]["accuracy"], color="#718096", linestyle=":", linewidth=1)
    axes.text(values["majority"]["accuracy"], -0.75, "commonest class", ha="center", va="bottom", fontsize=8)
    axes.invert_yaxis()
    axes.set_xlim(0, 1.08)
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def _confusion(matrix: np.ndarray, names: list[str]) -> Figure:
    shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    side = 1.6 + 0.52 * len(names)
    figure = Figure(figsize=(side + 1, side))
    axes = figure.subplots()
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    axes.set_xticks(range(len(names)), names, rotation=45, ha="right")
    axes.set_yticks(range(len(names)), names)
    axes.set_xlabel("predicted")
    axes.set_ylabel("true")
    for row, column in zip(*np.nonzero(matrix), strict=True):
        colour = "white" if shares[row, column] > 0.5 else "#2d3748"
        axes.text(column, row, str(matrix[row, column]), ha="center", va="center", color=colour, fontsize=9)
    axes.spines[:].set_visible(False)
    return figure


def _write_pairs(matrix: np.ndarray, names: list[str], path: Path) -> None:
    """A line for every test row: what DVC's confusion plot counts."""
    with replacing(path) as beside, beside.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["actual", "predicted"])
        for row, column in zip(*np.nonzero(matrix), strict=True):
            writer.writerows([[names[row], names[column]]] * int(matrix[row, column]))
