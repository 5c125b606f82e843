"""Evidently's view of the columns that were compared; p-values and bound are those of the check, not Evidently's own.

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
class Compared:
    """What a check found, for people to look at.

    Attributes:
        kinds: of all columns, those that could not be compared too.
        snapshot: Evidently's, for its page and its workspace, of the columns that were compared.
    """

    kinds: dict[str, Kind]
    snapshot: Snapshot

    def html(self) -> str:
        """Its table as a page to be shown inside another, in an ``<iframe sandbox="allow-scripts">``.

        Some 4 MB with the scripts and the font it needs; it asks no network for anything. It has no background of its
        own, and tells the page around it how high it is, by a message ``{height}``.
        """
        # Not the snapshot's own page: that holds every plot twice.
        *_, table = self.snapshot.to_snapshot_model().widgets
        return _inert(render_widgets([table])).replace("</head>", f"{INSIDE}</head>", 1)


def _inert(page: str) -> str:
    """Evidently's page, with the data in its first script so written that no name in it can end that script.

    The data are JSON, whose strings have no line breaks: the first line that ends the script is not in a name.
    """
    before, script = page.split("<script>", 1)
    data, after = script.split("\n</script>", 1)
    return f"{before}<script>{data.replace('<', LESS_THAN)}\n</script>{after}"


def show(
    sides: Mapping[str, Sides],
    kinds: Mapping[str, Kind],
    p_values: Mapping[str, float],
    bound: float,
    colours: Sequence[str],
) -> Compared:
    """Shows for every column its score, the logarithm of its p-value as a multiple of the bound's.

    A column has drifted where its score is above 1.

    Args:
        sides: of the columns, as `sensorium.monitoring.drift.cells.read_sides` gives them.
        kinds: of these columns, and of others that have too few values.
        p_values: of these columns, and perhaps of others, none of them 0.
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
    return Compared(dict(kinds), snapshot)


def _slim(result: MetricResult) -> None:
    """Drops what would be stored but is not shown: the plots of each metric, and missing values as a class."""
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
    """Tells Evidently of tests that look up what was found.

    The bound is no parameter that Evidently knows of: it would be part of a metric's identity, and a line of the
    dashboard would break wherever it changes.
    """

    def test(reference: pd.Series, _: pd.Series, __: ColumnType, ___: float) -> tuple[float, bool]:
        p_value = p_values[str(reference.name)]
        return log(p_value) / log(bound), p_value < bound

    for name, told, of_type in (
        (NUMBERS, "Kolmogorov-Smirnov by permutation", ColumnType.Numerical),
        (CLASSES, "chi-squared by permutation", ColumnType.Categorical),
    ):
        register_stattest(StatTest(name, told, [of_type], DRIFTED), test)
