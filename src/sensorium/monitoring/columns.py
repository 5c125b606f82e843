"""Which columns of the current rows differ from the reference: Evidently, with tests that hold for small samples.

Importing this module imports Evidently, which takes seconds.
"""

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import log

import numpy as np
import pandas as pd
from evidently import DataDefinition, Dataset, Report
from evidently.core.metric_types import ByLabelCountValue, MetricResult
from evidently.core.report import Snapshot
from evidently.legacy.calculations.stattests.registry import StatTest, register_stattest
from evidently.legacy.core import ColumnType

from sensorium.monitoring.homogeneity import Kind, most_common, of_classes, of_numbers
from sensorium.monitoring.measures import ABSENT, CLASSES, DRIFTED, NUMBERS, PRESENT, Columns

FEWEST = 10  # values on a side that say something
LEAST = 1e-12  # smaller p-values score as this one
MOST_CLASSES, OTHER = 30, "(others)"
LONGEST = 60  # letters of a class's name

Sides = tuple[pd.Series, pd.Series]


@dataclass(frozen=True)
class Compared:
    """What a check found.

    Attributes:
        p_values: by column, of the two sides being of one distribution; 1 where a side has fewer than ten values.
        kinds: of the columns, as given.
        snapshot: Evidently's, for its page and its workspace. It lacks columns where a side has too few values.
    """

    p_values: dict[str, float]
    kinds: dict[str, Kind]
    snapshot: Snapshot


def compare(reference: pd.DataFrame, current: pd.DataFrame, kinds: Mapping[str, Kind], bound: float) -> Compared:
    """Tests every column by itself.

    Numbers by Kolmogorov and Smirnov's test, categories and flags by a permutation test of homogeneity. Missing values,
    and numbers that are not finite, are left out on each side. Evidently shows for every column its score, the
    logarithm of the p-value as a multiple of the bound's: a column has drifted where it is above 1.

    Args:
        reference: rows of the training reference, at least ten.
        current: rows that are compared with them, at least ten, in order of time, independent of each other.
        kinds: of the columns to compare; both frames have them.
        bound: the p-value below which a column has drifted, at least 1e-5 and below 1.

    Raises:
        ValueError: if there is no column with ten values on each side.
    """
    pairs = {name: _read(reference[name], current[name], kind) for name, kind in kinds.items()}
    pairs = {name: pair for name, pair in pairs.items() if min(side.count() for side in pair) >= FEWEST}
    if not pairs:
        raise ValueError(f"no column has {FEWEST} values in both the reference and the current rows")
    found: dict[str, float] = {}
    _register(bound, found)
    used = {name: kinds[name] for name in pairs}
    before, now = (_dataset({name: pair[side] for name, pair in pairs.items()}, used) for side in (0, 1))
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # of columns that do not vary
        snapshot = Report([Columns(kinds=used, bound=bound)]).run(now, before)
    for result in snapshot.metric_results.values():
        _slim(result)
    return Compared({name: found.get(name, 1.0) for name in kinds}, dict(kinds), snapshot)


def _slim(result: MetricResult) -> None:
    """Drops what would be stored but is not shown: the plots of each metric, and missing values as a class."""
    result.widget = []
    if isinstance(result, ByLabelCountValue):
        for label in [label for label in result.counts if label != label or label == "nan"]:
            del result.counts[label], result.shares[label]


def _read(reference: pd.Series, current: pd.Series, kind: Kind) -> Sides:
    """Both sides of a column as the tests and the page want them, numbered from 0."""
    sides = reference.reset_index(drop=True), current.reset_index(drop=True)
    if kind == Kind.NUMBER:
        return _each(sides, lambda cells: cells.astype(np.float64).where(np.isfinite(cells.astype(np.float64))))
    if kind == Kind.FLAG:
        return _each(sides, lambda cells: cells.eq(True).map({True: PRESENT, False: ABSENT}))
    return most_common(*_each(sides, _names), MOST_CLASSES, OTHER)


def _each(sides: Sides, change: Callable[[pd.Series], pd.Series]) -> Sides:
    return change(sides[0]), change(sides[1])


def _names(cells: pd.Series) -> pd.Series:
    """Names of classes that may come from requests: Evidently writes them into a page's script as they are."""
    return cells.map(lambda name: str(name)[:LONGEST].replace("<", "\u2039"), na_action="ignore").astype(object)


def _dataset(columns: Mapping[str, pd.Series], kinds: Mapping[str, Kind]) -> Dataset:
    numbers = [name for name, kind in kinds.items() if kind == Kind.NUMBER]
    others = [name for name in kinds if name not in numbers]
    definition = DataDefinition(numerical_columns=numbers, categorical_columns=others)
    return Dataset.from_pandas(pd.DataFrame(columns), definition)


def _register(bound: float, found: dict[str, float]) -> None:
    """Tells Evidently the tests for this bound; they note the p-value of every column they are asked for.

    The bound is no parameter that Evidently knows of: it would be part of a metric's identity, and a line of the
    dashboard would break wherever it changes.
    """

    def test_by(p_value: Callable[[np.ndarray, np.ndarray], float]) -> Callable[..., tuple[float, bool]]:
        def test(reference: pd.Series, current: pd.Series, _: ColumnType, __: float) -> tuple[float, bool]:
            name = str(reference.name)
            if name not in found:  # Evidently asks several times
                found[name] = p_value(reference.to_numpy(), current.to_numpy())
            return log(max(found[name], LEAST)) / log(bound), found[name] < bound

        return test

    def of_names(reference: np.ndarray, current: np.ndarray) -> float:
        return of_classes(reference.astype(str), current.astype(str), bound)

    for name, told, of_type, p_value in (
        (NUMBERS, "Kolmogorov-Smirnov", ColumnType.Numerical, of_numbers),
        (CLASSES, "chi-squared by permutation", ColumnType.Categorical, of_names),
    ):
        register_stattest(StatTest(name, told, [of_type], DRIFTED), test_by(p_value))
