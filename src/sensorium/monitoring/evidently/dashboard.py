"""The panels of Evidently's dashboard: trends over all checks."""

from collections.abc import Mapping, Sequence

from evidently.core.metric_types import Metric
from evidently.metrics import CategoryCount, MeanValue, UniqueValueCount, ValueDrift
from evidently.metrics.column_statistics import DriftedColumnsCount
from evidently.sdk.models import DashboardModel, DashboardPanelPlot, DashboardTabModel, PanelMetric
from evidently.sdk.panels import bar_plot_panel, line_plot_panel

from sensorium.monitoring.names import is_axis, subject
from sensorium.stats.statistics import Kind

SCORES = "Score of each column; above 1 it has drifted."

Columns = Mapping[str, Kind]


def dashboard(kinds: Columns) -> DashboardModel:
    """The panels, grouped by input and target; the principal axes of features come last.

    Args:
        kinds: of the columns.
    """
    subjects: dict[str, dict[str, Kind]] = {}
    for column, kind in kinds.items():
        subjects.setdefault(subject(column)[0], {})[column] = kind
    panels = _overview(kinds)
    for about, columns in subjects.items():
        panels += [_scores(about, [column for column in columns if not is_axis(column)])]
        panels += [_distribution(column, kind) for column, kind in columns.items() if _is_followed(column, kind)]
    for about, columns in subjects.items():
        if axes := [column for column in columns if is_axis(column)]:
            panels.append(_scores(f"{about}, principal axes of its features", axes))
    # The server shows no tabs, and keeps one for panels that are added in it.
    return DashboardModel(
        tabs=[DashboardTabModel(title="General", panels=[panel.id for panel in panels])], panels=panels
    )


def _overview(kinds: Columns) -> list[DashboardPanelPlot]:
    """How many columns drifted, and how often inputs were present."""
    count = [_series(DriftedColumnsCount, "columns", value_type="count")]
    # Not as a counter: the server says "no value" for 0.
    panels = [line_plot_panel("How many columns drifted", count, size="half")]
    flags = [column for column, kind in kinds.items() if kind == Kind.FLAG]
    if flags:
        present = [_series(CategoryCount, subject(flag)[0], column=flag, value_type="share") for flag in flags]
        panels.append(line_plot_panel("Share of rows that have an input", present, size="half"))
    return panels


def _scores(title: str, columns: Sequence[str]) -> DashboardPanelPlot:
    scores = [_series(ValueDrift, subject(column)[1], column=column) for column in columns]
    return line_plot_panel(f"Drift of {title}", scores, SCORES, size="half")


def _is_followed(column: str, kind: Kind) -> bool:
    return kind != Kind.FLAG and not is_axis(column)


def _distribution(column: str, kind: Kind) -> DashboardPanelPlot:
    """The mean of numbers, or the frequencies of classes."""
    title = ": ".join(subject(column))
    if kind == Kind.NUMBER:
        return line_plot_panel(title, [_series(MeanValue, "mean", column=column)], size="half")
    frequencies = [_series(UniqueValueCount, "{{label}}", column=column, value_type="share")]
    return bar_plot_panel(title, frequencies, "Share of each in all rows.", size="half", stacked=True)


def _series(metric: type[Metric], legend: str, **labels: str) -> PanelMetric:
    return PanelMetric(legend=legend, metric=metric.__name__, metric_labels=labels)
