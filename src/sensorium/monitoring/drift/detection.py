"""Detects drift: compares independent logged predictions with a model's reference."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sensorium.engine import HERE, Engine
from sensorium.errors import UserError
from sensorium.modalities import Modality
from sensorium.modalities.descriptors import EMBEDDING, PREDICTIONS
from sensorium.monitoring import names
from sensorium.monitoring.drift import effects
from sensorium.monitoring.drift.cells import Sides, read_sides
from sensorium.monitoring.drift.comparisons import of_column, of_embedding
from sensorium.monitoring.drift.effects import Change
from sensorium.monitoring.drift.reference import GROUPED_BY, TABLE
from sensorium.monitoring.log.independent import one_per_unit, units_of, values_per_unit
from sensorium.runtime.profile import FILE
from sensorium.stats.permutation import Chances, weigh
from sensorium.stats.statistics import Kind
from sensorium.targets import Learnt

FEWEST = 30  # independent rows; with fewer there is no verdict
FEWEST_VALUES = 10  # of a column, on either side; columns with fewer are not tested
MOST = 2_000  # rows that are compared; more would show differences that do not matter
SMALLEST = 0.05  # effect that counts as drift


@dataclass(frozen=True)
class Finding:
    """The comparison of one property of an input or a target.

    Attributes:
        about: the input or target.
        what: its property: `EMBEDDING`, `PREDICTIONS`, or what `sensorium.monitoring.names.subject` gives.
        p_value: of the test.
        effect: size of the change, from 0 to 1.
        drifted: whether the change is significant and large enough to matter.
        words: a clause that describes the change.
    """

    about: str
    what: str
    p_value: float
    effect: float
    drifted: bool
    words: str


@dataclass(frozen=True)
class Reference:
    """The reference of a model: what it read and predicted on validation rows.

    Attributes:
        rows: one of every unit, for tests of drift.
        everything: all rows, for performance.
        grouped_by: inputs by whose values rows are grouped into units.
    """

    rows: pd.DataFrame
    everything: pd.DataFrame
    grouped_by: Sequence[str]


@dataclass(frozen=True)
class DriftResult:
    """What was compared, and what was found.

    Attributes:
        findings: all comparisons.
        bound: the p-value below which a change is significant; it keeps the chance of any false alarm, over all
            comparisons, at the one that was asked for.
        distances: from each current row to the reference, by input; not-a-number where the row lacks the input.
        kinds: of all columns.
        sides: the reference and the current cells of every column with enough values.
        p_values: of these columns by name, and of the embeddings by input.
    """

    findings: Sequence[Finding]
    bound: float
    distances: pd.DataFrame
    kinds: Mapping[str, Kind]
    sides: Mapping[str, Sides]
    p_values: Mapping[str, float]


def read_reference(folder: Path, targets: Mapping[str, Learnt]) -> Reference:
    """Reads the reference in a model's folder.

    Raises:
        UserError: if there is none that can be used.
    """
    try:
        table = pd.read_parquet(folder / TABLE)
        with np.load(folder / FILE, allow_pickle=False) as arrays:
            grouped_by = [str(name) for name in arrays[GROUPED_BY]]
        units = table[names.UNIT].to_numpy()
    except (OSError, KeyError, ValueError) as error:
        raise UserError(
            f"model {folder} has no reference to compare with ({error}); make it again by `dvc repro`, and promote it."
        ) from error
    for name, target in targets.items():
        columns = [names.prediction(name, column) for column in target.columns]
        predictions = table[columns].to_numpy(np.float64)
        table = table.drop(columns=columns)
        for what, cells in target.logged(predictions).items():
            table[names.prediction(name, what)] = cells
    return Reference(one_per_unit(table, units, MOST), table, grouped_by)


def independent(rows: pd.DataFrame, reference: Reference) -> pd.DataFrame:
    """The rows of a window that may count as independent, 2,000 at most."""
    if not len(rows):
        return rows
    per_unit = values_per_unit(reference.everything, names.inputs(reference.everything), len(rows))
    return one_per_unit(rows, units_of(rows, reference.grouped_by, per_unit), MOST)


def detect_drift(
    reference: Reference,
    current: pd.DataFrame,
    inputs: Mapping[str, Modality],
    targets: Mapping[str, Learnt],
    false_alarms: float,
    engine: Engine = HERE,
) -> DriftResult:
    """Compares independent rows with the reference, with one bound for the p-values of all comparisons.

    Args:
        reference: of the model.
        current: independent predictions, `FEWEST` or more.
        inputs: of the model.
        targets: likewise.
        false_alarms: the chance that any drift is found although nothing changed.
        engine: who shuffles the rows.

    Raises:
        UserError: if the reference has too few independent rows.
    """
    before = reference.rows
    if len(before) < FEWEST_VALUES:
        raise UserError(
            f"the model's reference has {len(before)} independent rows, {FEWEST_VALUES} are needed to tell drift; give "
            "`split.val` more rows and make the model again by `dvc repro`."
        )
    is_current = np.repeat([False, True], [len(before), len(current)])
    kinds = dict(_kinds(before, current, list(inputs), targets))
    worded = {names.answer(name, one): one.worded for name, one in targets.items()}
    sides = dict(_sides(before, current, kinds, worded))
    embedded = {name: one for name in inputs if (one := of_embedding(name, before, current, FEWEST_VALUES))}
    tests = {name: one.test for name, one in embedded.items()}
    tests |= {column: of_column(*pair, kinds[column]) for column, pair in sides.items()}
    chances = weigh(tests, is_current, false_alarms, engine.map)
    findings = []
    for name in inputs:
        change = Change(embedded[name].effect, "unlike what it was") if name in embedded else effects.NONE
        findings.append(_found(name, EMBEDDING, chances, name, change))
    for column, kind in kinds.items():
        about, what = names.subject(column)
        what = PREDICTIONS if column in worded else what
        change = (
            _change(what, *sides[column], kind, inputs.get(about), targets.get(about))
            if column in sides
            else effects.NONE
        )
        findings.append(_found(about, what, chances, column, change))
    distances = pd.DataFrame(
        {name: one.distances for name, one in embedded.items()}, index=current.index, columns=list(inputs)
    )
    return DriftResult(findings, chances.bound, distances, kinds, sides, chances.p_values)


def _sides(
    before: pd.DataFrame, now: pd.DataFrame, kinds: Mapping[str, Kind], worded: Mapping[str, Callable[[Any], str]]
) -> Iterator[tuple[str, Sides]]:
    """Both sides of every column that has enough values."""
    for column, kind in kinds.items():
        first, second = (
            table[column] if column in table else pd.Series(np.nan, table.index) for table in (before, now)
        )
        pair = read_sides(first, second, kind, worded.get(column, str))
        if min(side.count() for side in pair) >= FEWEST_VALUES:
            yield column, pair


def _kinds(
    before: pd.DataFrame, now: pd.DataFrame, inputs: Sequence[str], targets: Mapping[str, Learnt]
) -> Iterator[tuple[str, Kind]]:
    """The columns to compare, each with its kind."""
    for name in inputs:
        yield names.present(name), Kind.FLAG
        for column in names.descriptors(name, dict.fromkeys([*before, *now])):
            cells = [table[column].dropna() for table in (before, now) if column in table]
            are_numbers = all(pd.api.types.is_numeric_dtype(found) for found in cells if len(found))
            yield column, Kind.NUMBER if are_numbers else Kind.CATEGORY
    for name, target in targets.items():
        yield from ((names.prediction(name, what), kind) for what, kind in target.drifts.items())


def _change(
    what: str, before: pd.Series, now: pd.Series, kind: Kind, modality: Modality | None, target: Learnt | None
) -> Change:
    called = "the answer" if what == PREDICTIONS else target.called.get(what, what) if target else what
    if kind is Kind.FLAG:
        return effects.of_flags(before, now)
    if kind is Kind.CATEGORY:
        return effects.of_categories(called, before, now)
    return effects.of_numbers(called, before, now, modality.comparatives.get(what) if modality else None)


def _found(about: str, what: str, chances: Chances, test: str, change: Change) -> Finding:
    p_value = chances.p_values.get(test, 1.0)
    drifted = p_value < chances.bound and change.effect >= SMALLEST
    return Finding(about, what, p_value, change.effect, drifted, change.words)
