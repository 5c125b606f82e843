"""A check: the predictions of the last hours against what the model was made with."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from sensorium.errors import UserError
from sensorium.modalities import Modality
from sensorium.monitoring import changes
from sensorium.monitoring.changes import Change
from sensorium.monitoring.columns import Compared, compare
from sensorium.monitoring.distance import energy_distance
from sensorium.monitoring.homogeneity import Kind
from sensorium.monitoring.independent import one_of_each, units_of
from sensorium.monitoring.reference import GROUPED_BY, TABLE
from sensorium.serving.profile import FILE

FEWEST = 30  # independent rows that anything is told from
FEWEST_VALUES = 10  # of an input
MOST = 2_000  # rows that are compared; more would find differences that do not matter
SMALLEST = 0.05  # effect that counts
SHUFFLES = 2_000
EMBEDDING, PRESENCE, PREDICTIONS, CONFIDENCE = "embedding", "presence", "predictions", "confidence"


@dataclass(frozen=True)
class Finding:
    """Whether something changed.

    Attributes:
        about: an input or a target.
        what: its embedding, its presence, a descriptor, its predictions or their confidence.
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
    """The outcome.

    Attributes:
        findings: every comparison.
        bound: the p-value below which a change is too much for chance, so that all of them together raise a false
            alarm no more often than asked for (Bonferroni).
        rows: the predictions that were compared, independent of each other.
        far: of each of these rows and every input, how far it lies from the reference; not-a-number without it.
        compared: what Evidently made of it.
    """

    findings: Sequence[Finding]
    bound: float
    rows: pd.DataFrame
    far: pd.DataFrame
    compared: Compared


def read_reference(folder: Path, targets: Mapping[str, Sequence[str]]) -> Reference:
    """The reference in a model's folder.

    Raises:
        UserError: if there is none that can be used.
    """
    try:
        table = pd.read_parquet(folder / TABLE)
        with np.load(folder / FILE, allow_pickle=False) as arrays:
            grouped_by = [str(name) for name in arrays[GROUPED_BY]]
        units = table["unit"].to_numpy()
    except (OSError, KeyError, ValueError) as error:
        raise UserError(
            f"model {folder} has no reference to compare with ({error}); make it again by `dvc repro`, and promote it."
        ) from error
    for target, classes in targets.items():
        shares = table[[f"{target}.probability.{label}" for label in classes]].to_numpy()
        table[f"{target}.said"] = np.array(classes, dtype=object)[shares.argmax(1)]
        table[f"{target}.confidence"] = shares.max(1)
    return Reference(one_of_each(table, units, MOST), table, grouped_by)


def independent(rows: pd.DataFrame, grouped_by: Sequence[str]) -> pd.DataFrame:
    """The predictions of a window that may count as independent, 2,000 at most."""
    return one_of_each(rows, units_of(rows, grouped_by), MOST) if len(rows) else rows


def check(
    reference: Reference,
    current: pd.DataFrame,
    inputs: Mapping[str, Modality],
    targets: Sequence[str],
    false_alarms: float,
) -> Outcome:
    """Compares independent rows with the reference.

    Args:
        reference: of the model.
        current: independent predictions, `FEWEST` or more.
        inputs: as the model declares them.
        targets: by name.
        false_alarms: the chance that anything is found although nothing changed.
    """
    before = reference.rows
    kinds = dict(_kinds(before, current, list(inputs), targets))
    before, now = (table.reindex(columns=list(kinds)) for table in (before, current))
    for column, kind in kinds.items():
        if kind is Kind.FLAG:
            before[column], now[column] = (table[column].eq(True) for table in (before, now))
    bound = false_alarms / (len(kinds) + len(inputs))
    compared = compare(before, now, kinds, bound)
    tests, far = [], {}
    for name in inputs:
        test, far[name] = _embedding(name, reference.rows, current, bound)
        tests.append(test)
    for column, kind in kinds.items():
        about, what = _names(column)
        change = _change(what, before[column], now[column], kind, inputs.get(about))
        tests.append(_judged(about, what, compared.p_values[column], change, bound))
    return Outcome(tests, bound, current, pd.DataFrame(far, index=current.index), compared)


def _kinds(
    before: pd.DataFrame, now: pd.DataFrame, inputs: Sequence[str], targets: Sequence[str]
) -> Iterator[tuple[str, Kind]]:
    """The columns to compare."""
    for name in inputs:
        yield f"present.{name}", Kind.FLAG
        own = [f"{name}.", f"{name}.axis."]
        for column in dict.fromkeys([*before, *now]):
            if column.startswith(own[0]) and not column.startswith(own[1]):
                cells = [table[column].dropna() for table in (before, now) if column in table]
                are_numbers = all(pd.api.types.is_numeric_dtype(found) for found in cells if len(found))
                yield column, Kind.NUMBER if are_numbers else Kind.CATEGORY
    for target in targets:
        yield f"{target}.said", Kind.CATEGORY
        yield f"{target}.confidence", Kind.NUMBER


def _names(column: str) -> tuple[str, str]:
    """What a column is about, and what of it."""
    about, what = column.split(".", 1)
    if about == "present":
        return what, PRESENCE
    return about, PREDICTIONS if what == "said" else what


def _change(what: str, before: pd.Series, now: pd.Series, kind: Kind, modality: Modality | None) -> Change:
    if kind is Kind.FLAG:
        return changes.of_flags(before, now)
    if kind is Kind.CATEGORY:
        return changes.of_categories("the answer" if what == PREDICTIONS else what, before, now)
    return changes.of_numbers(what, before, now, modality.comparatives.get(what) if modality else None)


def _embedding(name: str, reference: pd.DataFrame, current: pd.DataFrame, bound: float) -> tuple[Finding, pd.Series]:
    """The test of an input's embedding, and how far each row lies."""
    axes = [column for column in reference if str(column).startswith(f"{name}.axis.")]
    far = pd.Series(np.nan, index=current.index)
    before = reference[axes].dropna()
    now = current.reindex(columns=axes).dropna()
    if len(before) < FEWEST_VALUES or len(now) < FEWEST_VALUES or not axes:
        return _judged(name, EMBEDDING, 1.0, changes.NONE, bound), far
    found = energy_distance(before.to_numpy(), now.to_numpy(), max(SHUFFLES, math.ceil(2 / bound)))
    far[now.index] = found.far
    return _judged(name, EMBEDDING, found.p_value, Change(found.effect, "unlike what it was"), bound), far


def _judged(about: str, what: str, p_value: float, change: Change, bound: float) -> Finding:
    return Finding(about, what, p_value, change.effect, p_value < bound and change.effect >= SMALLEST, change.words)
