"""The test of a column, and that of an input's embeddings; rows of the reference come first, then the current ones."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sensorium.monitoring import names
from sensorium.stats.energy import Energy
from sensorium.stats.permutation import Comparison
from sensorium.stats.statistics import Kind, of_classes, of_numbers


@dataclass(frozen=True)
class Embedded:
    """The comparison of an input's embeddings.

    Attributes:
        test: for their difference.
        effect: size of the difference, from 0 to 1.
        distances: from current rows to the reference, by index; rows without the input are left out.
    """

    test: Comparison
    effect: float
    distances: pd.Series


def of_column(before: pd.Series, now: pd.Series, kind: Kind) -> Comparison:
    """The test of a column, as `sensorium.monitoring.drift.cells.read_sides` reads it."""
    cells = pd.concat([before, now], ignore_index=True)
    rows = np.flatnonzero(cells.notna())
    if kind is Kind.NUMBER:
        return Comparison(rows, of_numbers(cells[rows].to_numpy(np.float64)))
    return Comparison(rows, of_classes(cells[rows].to_numpy().astype(str)))


def of_embedding(name: str, before: pd.DataFrame, now: pd.DataFrame, fewest: int) -> Embedded | None:
    """The test of an input's embedding; None where either side has fewer values."""
    axes = names.axes(name, before)
    points = [table.reindex(columns=axes).to_numpy(np.float64) for table in (before, now)]
    given = [np.isfinite(side).all(axis=1) for side in points]
    if not axes or min(side.sum() for side in given) < fewest:
        return None
    energy = Energy(np.concatenate([side[here] for side, here in zip(points, given, strict=True)]))
    is_current = np.repeat([False, True], [side.sum() for side in given])
    test = Comparison(np.flatnonzero(np.concatenate(given)), energy)
    return Embedded(test, energy.effect(is_current), pd.Series(energy.far(is_current), now.index[given[1]]))
