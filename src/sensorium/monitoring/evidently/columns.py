"""Shows the columns that a check compared in Evidently; p-values and bound are those of the check, not Evidently's.

Importing this module imports Evidently, which takes seconds.
"""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log

import numpy as np
import pandas as pd
from evidently import DataDefinition, Dataset, Report
from evidently.core.metric_types import ByLabelCountValue, MetricResult, render_widgets
from evidently.core.report import Snapshot
from evidently.legacy.calculations.stattests.registry import StatTest, register_stattest
from evidently.legacy.core import ColumnType

from sensorium.monitoring.drift.cells import Sides
from sensorium.monitoring.evidently.measures import ABSENT, CLASSES, DRIFTED, NUMBERS, PRESENT, Columns
from sensorium.stats.statistics import Kind

INSIDE = """
<style>
:root { color-scheme: light dark; --mui-palette-background-default: transparent; }
:root body { background: none; overflow: hidden; }
body [id^=root_] > :first-child { display: none; } /* the switch between light and dark: the page around it has one */
body .MuiBox-root, body .MuiGrid-root > .MuiPaper-root { padding-inline: 0; border: 0; }
body .MuiPaper-root { background: none; }
body .MuiTypography-root { white-space: normal; } body .MuiTypography-h5 { font-size: 1.05rem; }
body .MuiTableCell-root { padding: .5rem; white-space: normal; }
body .MuiGrid-root { max-width: 100%; }
</style>
<script>
addEventListener("DOMContentLoaded", () => new ResizeObserver(
  () => parent.postMessage({ height: document.body.firstElementChild.scrollHeight }, "*")
).observe(document.body.firstElementChild));
</script>
"""
LESS_THAN = "\\u003c"  # in a string of JSON


@dataclass(frozen=True)
class EvidentlyReport:
    """A check as Evidently shows it.

    Attributes:
        kinds: of all columns, also of those with too few values to be compared.
        snapshot: of the columns that were compared, for Evidently's page and its workspace.
    """

    kinds: dict[str, Kind]
    snapshot: Snapshot

    def html(self) -> str:
        """The table of columns as an HTML page for an ``<iframe sandbox="allow-scripts">`` of another page.

        It has some 4 MB with its scripts and its font, and needs no network. It has no background, and tells the page
        around it its height, by a message ``{height}``.
        """
        # Not the snapshot's own page: that holds every plot twice.
        *_, table = self.snapshot.to_snapshot_model().widgets
        return _inert(render_widgets([table])).replace("</head>", f"{INSIDE}</head>", 1)


def _inert(page: str) -> str:
    """Evidently's page with the data in its first script escaped, so that no name in them can end the script.

    The data are JSON, whose strings have no line breaks; so the first line that ends the script is not in a name.
    """
    before, script = page.split("<script>", 1)
    data, after = script.split("\n</script>", 1)
    return f"{before}<script>{data.replace('<', LESS_THAN)}\n</script>{after}"


def make_report(
    sides: Mapping[str, Sides],
    kinds: Mapping[str, Kind],
    p_values: Mapping[str, float],
    bound: float,
    colours: Sequence[str],
) -> EvidentlyReport:
    """Makes the report, which gives every column a score: the logarithm of its p-value divided by that of the bound.

    A column has drifted if its score is above 1.

    Args:
        sides: of the columns, as `sensorium.monitoring.drift.cells.read_sides` gives them.
        kinds: of these columns, and of those with too few values.
        p_values: of these columns, and perhaps of others; none is 0.
        bound: the p-value below which a column has drifted, below 1.
        colours: of the reference, and of what is current.
    """
    used = {name: kind for name, kind in kinds.items() if name in sides}
    before, now = (
        _dataset({name: _shown(pair[side], used[name]) for name, pair in sides.items()}, used) for side in (0, 1)
    )
    _register(p_values, bound)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # of columns that do not vary
        snapshot = Report([Columns(kinds=used, bound=bound, colours=[*colours])]).run(now, before)
    for result in snapshot.metric_results.values():
        _slim(result)
    return EvidentlyReport(dict(kinds), snapshot)


def _slim(result: MetricResult) -> None:
    """Drops what would be stored and never shown: the plots of each metric, and missing values as a class."""
    result.widget = []
    if isinstance(result, ByLabelCountValue):
        for label in [label for label in result.counts if label != label or label == "nan"]:
            del result.counts[label], result.shares[label]


def _shown(cells: pd.Series, kind: Kind) -> pd.Series:
    return cells.map({True: PRESENT, False: ABSENT}) if kind is Kind.FLAG else cells


def _dataset(columns: Mapping[str, pd.Series], kinds: Mapping[str, Kind]) -> Dataset:
    numbers = [name for name, kind in kinds.items() if kind is Kind.NUMBER]
    others = [name for name in kinds if name not in numbers]
    definition = DataDefinition(numerical_columns=numbers, categorical_columns=others)
    return Dataset.from_pandas(pd.DataFrame(columns), definition)


def _register(p_values: Mapping[str, float], bound: float) -> None:
    """Registers tests with Evidently that look up the p-values of the check.

    The bound is not a parameter of a metric: it would be part of the metric's identity, and a line of the dashboard
    would break wherever the bound changes.
    """

    def test(reference: pd.Series, _: pd.Series, __: ColumnType, ___: float) -> tuple[float, bool]:
        p_value = p_values[str(reference.name)]
        return log(p_value) / log(bound), p_value < bound

    for name, title, of_type in (
        (NUMBERS, "Kolmogorov-Smirnov by permutation", ColumnType.Numerical),
        (CLASSES, "chi-squared by permutation", ColumnType.Categorical),
    ):
        register_stattest(StatTest(name, title, [of_type], DRIFTED), test)
