"""Plots of drift: the reference and the current rows together."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from sensorium.modalities import Modality
from sensorium.modalities.descriptors import EMBEDDING, PREDICTIONS, PRESENCE
from sensorium.monitoring import names
from sensorium.monitoring.check_result import CheckResult
from sensorium.monitoring.drift.detection import Finding
from sensorium.monitoring.drift.effects import frequencies
from sensorium.plots import BLUE, ORANGE, WIDE, canvas, shortened

SIDES = {"reference": BLUE, "current": ORANGE}
MOST_PLOTS = 6
MOST_CLASSES = 12  # in a plot
MOST_BARS = 40  # of a histogram
LONGEST = 24  # letters of a class: more leave no room for bars on a telephone


def worth_a_plot(tests: Sequence[Finding]) -> list[Finding]:
    """The findings to plot: those that drifted most; if none did, those that came nearest to it.

    Of inputs that read one file alike the first is enough.
    """
    plotted = [test for test in tests if test.words or test.what == EMBEDDING]
    drifted = [test for test in plotted if test.drifted]
    chosen = drifted or [test for test in plotted if test.what in (EMBEDDING, PREDICTIONS)]
    ranked = sorted(chosen, key=lambda test: (test.p_value, -test.effect))
    differing = {(test.what, test.words, test.effect): test for test in reversed(ranked)}
    return [test for test in ranked if differing[test.what, test.words, test.effect] is test][:MOST_PLOTS]


def plot(test: Finding, found: CheckResult) -> Figure | None:
    """The reference and the current rows, in one plot."""
    before, now = found.reference.rows, found.rows
    if test.what == EMBEDDING:
        return _clouds(test.about, before, now)
    if test.what == PRESENCE:
        return None
    target = found.predictor.targets.get(test.about)
    if test.what == PREDICTIONS and target:
        column = names.answer(test.about, target)
    else:
        column = names.descriptor(test.about, test.what)
    first, second = (table[column].dropna() if column in table else pd.Series(dtype=float) for table in (before, now))
    if pd.api.types.is_numeric_dtype(first) and pd.api.types.is_numeric_dtype(second):
        return _histograms(first, second, _scale(test, found.predictor.inputs.get(test.about)))
    worded = target.worded if target else str
    return _bars(first.map(worded), second.map(worded))


def _scale(test: Finding, kind: Modality | None) -> str:
    """The label of the axis: what the values are, with their unit; or the name of a column."""
    check = kind.comparatives.get(test.what) if kind else None
    return check.scale if check else shortened(test.what, LONGEST)


def _legend(axes: Axes) -> None:
    """Above the plot, where nothing is drawn."""
    axes.legend(frameon=False, ncols=2, loc="lower right", bbox_to_anchor=(1, 1))


def _histograms(before: pd.Series, now: pd.Series, scale: str) -> Figure:
    figure, axes = canvas(WIDE, 2.6)
    edges = _edges(pd.concat([before, now]).to_numpy(np.float64))
    for values, (name, colour) in zip((before, now), SIDES.items(), strict=True):
        axes.hist(values, edges, weights=np.full(len(values), 1 / len(values)), color=colour, alpha=0.55, label=name)
    axes.set_xlabel(scale)
    axes.set_ylabel("share of rows")
    axes.yaxis.set_major_locator(MaxNLocator(3))
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    _legend(axes)
    return figure


def _edges(values: np.ndarray) -> list[float]:
    """Of bars; counts, such as words, are at the middle of theirs."""
    low, high = float(values.min()), float(values.max())
    if (values == np.rint(values)).all():
        width = np.ceil((high - low + 1) / MOST_BARS)
        return np.arange(low - 0.5, high + width, width).tolist()
    return np.linspace(low, high + 1e-9, MOST_BARS + 1).tolist()


def _bars(before: pd.Series, now: pd.Series) -> Figure:
    table = pd.DataFrame({name: frequencies(values) for name, values in zip(SIDES, (before, now), strict=True)}).fillna(
        0.0
    )
    table = table.loc[table.max(axis=1).sort_values(ascending=False).index[:MOST_CLASSES]]
    figure, axes = canvas(WIDE, 0.42 * len(table) + 0.6)
    for offset, (name, colour) in zip((-0.2, 0.2), SIDES.items(), strict=True):
        drawn = axes.barh(np.arange(len(table)) + offset, table[name], 0.38, color=colour, label=name)
        axes.bar_label(drawn, labels=[f"{share:.0%}" for share in table[name]], padding=4, fontsize=8)
    axes.set_yticks(range(len(table)), [shortened(str(name), LONGEST) for name in table.index])
    axes.invert_yaxis()
    axes.xaxis.set_visible(False)
    _legend(axes)
    return figure


def _clouds(name: str, before: pd.DataFrame, now: pd.DataFrame) -> Figure | None:
    """The first two axes of an input's embeddings."""
    columns = [names.axis(name, number) for number in (0, 1)]
    if not all(column in table for column in columns for table in (before, now)):
        return None
    figure, axes = canvas(WIDE, 4)
    for table, (label, colour) in zip((before, now), SIDES.items(), strict=True):
        axes.scatter(table[columns[0]], table[columns[1]], s=14, alpha=0.6, color=colour, label=label, linewidths=0)
    axes.set_xlabel("first principal axis")
    axes.set_ylabel("second principal axis")
    _legend(axes)
    return figure
