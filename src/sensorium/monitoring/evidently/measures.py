"""The metrics that Evidently computes for every column, and the table that shows them."""

from collections.abc import Sequence

from evidently.core.container import MetricContainer
from evidently.core.metric_types import Metric
from evidently.core.report import Context
from evidently.legacy.metrics import DataDriftTable
from evidently.legacy.model.widget import BaseWidgetInfo
from evidently.legacy.options import ColorOptions
from evidently.legacy.renderers.base_renderer import DEFAULT_RENDERERS
from evidently.legacy.renderers.html_widgets import header_text
from evidently.legacy.suite.base_suite import find_metric_renderer
from evidently.metrics import CategoryCount, MeanValue, UniqueValueCount, ValueDrift
from evidently.metrics.column_statistics import DriftedColumnsCount

from sensorium.monitoring.names import is_axis
from sensorium.stats.statistics import Kind

NUMBERS, CLASSES = "sensorium_numbers", "sensorium_classes"  # tests, as registered with Evidently
DRIFTED = 1.0  # the score from which a column has drifted
SHOWN = {  # of Evidently's table, what matters most first, since a telephone shows no more at once
    "column_name": "Column",
    "data_drift": "Drift",
    "drift_score": "Score",
    "reference_distribution": "Reference",
    "current_distribution": "Current",
}
PRESENT, ABSENT = "present", "absent"  # what a flag is to Evidently


class Columns(MetricContainer):
    """The drift of every column, and its trend over checks.

    Attributes:
        kinds: of the columns.
        bound: the p-value below which a column has drifted.
        colours: of the reference, and of what is current.
    """

    kinds: dict[str, Kind]
    bound: float
    colours: list[str]

    def generate_metrics(self, context: Context) -> Sequence[Metric]:
        """The metrics. None has a parameter that changes from check to check, so each is one line over time."""
        tests = {Kind.NUMBER: NUMBERS, Kind.CATEGORY: CLASSES, Kind.FLAG: CLASSES}
        drift = [ValueDrift(column=name, method=tests[kind], threshold=DRIFTED) for name, kind in self.kinds.items()]
        trends = [metric for name, kind in self.kinds.items() if (metric := _trend(name, kind))]
        return [DriftedColumnsCount(num_method=NUMBERS, cat_method=CLASSES, threshold=DRIFTED), *drift, *trends]

    def render(self, context: Context, child_widgets: object = None) -> list[BaseWidgetInfo]:
        """The table, columns with most drift first, under a sentence that explains the score."""
        table = DataDriftTable(num_stattest=NUMBERS, cat_stattest=CLASSES, stattest_threshold=DRIFTED)
        reference, current = self.colours
        find_metric_renderer(DataDriftTable, DEFAULT_RENDERERS).color_options = ColorOptions(
            primary_color=current, fill_color=reference, zero_line_color=reference,
            current_data_color=current, reference_data_color=reference,
        )  # fmt: skip
        *_, widget = context.get_legacy_metric(table, None, None)[1]
        for part in widget.additionalGraphs:
            part.params["layout"].pop("template", None)  # half of the page, and drawn the same without
        drawn = {column["field"]: column for column in widget.params["columns"]}
        widget.params["columns"] = [drawn[field] | {"title": title} for field, title in SHOWN.items()]
        drawn["reference_distribution"]["options"]["color"] = reference
        read = f"A column has drifted where its score is above {DRIFTED:g}: its p-value is below {self.bound:.2g}"
        return [header_text(label=read), widget]


def _trend(name: str, kind: Kind) -> Metric | None:
    """What is shown of a column over time besides its drift; ``None`` for an axis, whose mean tells people nothing."""
    if kind == Kind.NUMBER:
        return None if is_axis(name) else MeanValue(column=name)
    if kind == Kind.FLAG:
        return CategoryCount(column=name, category=PRESENT)
    return UniqueValueCount(column=name)
