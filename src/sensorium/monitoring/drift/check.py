"""A check: the predictions of the last hours against what the model was made with."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from sensorium.errors import UserError
from sensorium.modalities import Modality
from sensorium.modalities.modality import EMBEDDING, PREDICTIONS
from sensorium.monitoring import names
from sensorium.monitoring.drift import effects
from sensorium.monitoring.drift.cells import Sides, read_sides
from sensorium.monitoring.drift.comparisons import of_column, of_embedding
from sensorium.monitoring.drift.effects import Change
from sensorium.monitoring.drift.reference import GROUPED_BY, TABLE
from sensorium.monitoring.log.independent import most_values, one_of_each, units_of
from sensorium.runtime.profile import FILE
from sensorium.stats.permutation import Chances, weigh
from sensorium.stats.statistics import Kind
from sensorium.targets import Learnt

FEWEST = 30  # independent rows that anything is told from
FEWEST_VALUES = 10  # on either side
MOST = 2_000  # rows that are compared; more would find differences that do not matter
SMALLEST = 0.05  # effect that counts


@dataclass(frozen=True)
class Finding:
    """Whether something changed.

    Attributes:
        about: an input or a target.
        what: `EMBEDDING`, `PREDICTIONS`, or what `sensorium.monitoring.names.subject` calls it.
        p_value: the chance of so large a change where there is none.
        effect: how large it is, from 0 to 1.
        drifted: whether that is too much for chance, and enough to matter.
        words: a clause that says how.
    """

    about: str
    what: str
    p_value: float
    effect: float
    drifted: bool
    words: str


@dataclass(frozen=True)
class Reference:
    """What a model travels with.

    Attributes:
        rows: one of every unit, with the columns that are compared.
        everything: all its rows, for performance.
        grouped_by: inputs whose equal values make rows one unit.
    """

    rows: pd.DataFrame
    everything: pd.DataFrame
    grouped_by: Sequence[str]


@dataclass(frozen=True)
class Outcome:
    """What was found.

    Attributes:
        findings: every comparison.
        bound: the p-value below which a change is too much for chance, so that all of them together raise a false
            alarm no more often than asked for.
        far: of each current row and every input, how far it lies from the reference; not-a-number without it.
        kinds: of all columns.
        sides: of the columns with enough values, what was compared.
        p_values: of these columns, and of inputs' embeddings by the inputs' names.
    """

    findings: Sequence[Finding]
    bound: float
    far: pd.DataFrame
    kinds: Mapping[str, Kind]
    sides: Mapping[str, Sides]
    p_values: Mapping[str, float]


def read_reference(folder: Path, targets: Mapping[str, Learnt]) -> Reference:
    """The reference in a model's folder.

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
    return Reference(one_of_each(table, units, MOST), table, grouped_by)


def independent(rows: pd.DataFrame, reference: Reference) -> pd.DataFrame:
    """The predictions of a window that may count as independent, 2,000 at most."""
    if not len(rows):
        return rows
    most = most_values(reference.everything, names.inputs(reference.everything), len(rows))
    return one_of_each(rows, units_of(rows, reference.grouped_by, most), MOST)


def check(
    reference: Reference,
    current: pd.DataFrame,
    inputs: Mapping[str, Modality],
    targets: Sequence[str],
    false_alarms: float,
) -> Outcome:
    """Compares independent rows with the reference, and weighs all comparisons together.

    Args:
        reference: of the model.
        current: independent predictions, `FEWEST` or more.
        inputs: as the model declares them.
        targets: by name.
        false_alarms: the chance that anything is found although nothing changed.

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
    sides = dict(_sides(before, current, kinds))
    embedded = {name: one for name in inputs if (one := of_embedding(name, before, current, FEWEST_VALUES))}
    tests = {name: one.test for name, one in embedded.items()}
    tests |= {column: of_column(*pair, kinds[column]) for column, pair in sides.items()}
    chances = weigh(tests, is_current, false_alarms)
    findings = []
    for name in inputs:
        change = Change(embedded[name].effect, "unlike what it was") if name in embedded else effects.NONE
        findings.append(_found(name, EMBEDDING, chances, name, change))
    for column, kind in kinds.items():
        about, what = names.subject(column)
        what = PREDICTIONS if column == names.said(about) and about in targets else what
        change = _change(what, *sides[column], kind, inputs.get(about)) if column in sides else effects.NONE
        findings.append(_found(about, what, chances, column, change))
    far = pd.DataFrame({name: one.far for name, one in embedded.items()}, index=current.index, columns=list(inputs))
    return Outcome(findings, chances.bound, far, kinds, sides, chances.p_values)


def _sides(before: pd.DataFrame, now: pd.DataFrame, kinds: Mapping[str, Kind]) -> Iterator[tuple[str, Sides]]:
    """Both sides of the columns that say something."""
    for column, kind in kinds.items():
        first, second = (
            table[column] if column in table else pd.Series(np.nan, table.index) for table in (before, now)
        )
        pair = read_sides(first, second, kind)
        if min(side.count() for side in pair) >= FEWEST_VALUES:
            yield column, pair


def _kinds(
    before: pd.DataFrame, now: pd.DataFrame, inputs: Sequence[str], targets: Sequence[str]
) -> Iterator[tuple[str, Kind]]:
    """The columns to compare."""
    for name in inputs:
        yield names.present(name), Kind.FLAG
        for column in names.descriptors(name, dict.fromkeys([*before, *now])):
            cells = [table[column].dropna() for table in (before, now) if column in table]
            are_numbers = all(pd.api.types.is_numeric_dtype(found) for found in cells if len(found))
            yield column, Kind.NUMBER if are_numbers else Kind.CATEGORY
    for target in targets:
        yield names.said(target), Kind.CATEGORY
        yield names.confidence(target), Kind.NUMBER


def _change(what: str, before: pd.Series, now: pd.Series, kind: Kind, modality: Modality | None) -> Change:
    if kind is Kind.FLAG:
        return effects.of_flags(before, now)
    if kind is Kind.CATEGORY:
        return effects.of_categories("the answer" if what == PREDICTIONS else what, before, now)
    return effects.of_numbers(what, before, now, modality.comparatives.get(what) if modality else None)


def _found(about: str, what: str, chances: Chances, test: str, change: Change) -> Finding:
    p_value = chances.p_values.get(test, 1.0)
    drifted = p_value < chances.bound and change.effect >= SMALLEST
    return Finding(about, what, p_value, change.effect, drifted, change.words)
