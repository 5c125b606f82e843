"""validate: every row is asked the suite; what fails costs the row an input, a label or its place, with the reason."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from sensorium import params, paths
from sensorium.dataset import causes, validation
from sensorium.dataset.causes import Looked, Problem, Reason
from sensorium.dataset.columns import ID, apart
from sensorium.dataset.validation import Loss
from sensorium.errors import BadInput, UserError
from sensorium.files import existing, read_json, remove, replacing, write_json
from sensorium.modalities import Modality
from sensorium.report import docs
from sensorium.report.data import write_report
from sensorium.shards import map_shards, shards
from sensorium.spelling import is_missing

QUARANTINE = paths.VALID / "quarantine.parquet"
MOST_REASONS = 5  # that are printed


@dataclass(frozen=True)
class Examined:
    """What was found in the rows.

    Attributes:
        table: as it was ingested.
        looked: at every row.
        asked: a row each, with the columns that the suite asks about.
    """

    table: pd.DataFrame
    looked: Sequence[Looked]
    asked: pd.DataFrame


def run() -> None:
    """Writes the valid and the quarantined rows, Data Docs, and counts."""
    settings = params.load()
    table = pd.read_parquet(existing(paths.MANIFEST, made_by="ingest")).reset_index(drop=True)
    examined = _examine(table, settings)
    cells_cost_rows = settings.validation.bad_cell == "row"
    enough = settings.validation.min_class_rows
    suite = validation.questions(list(settings.inputs), list(settings.targets), cells_cost_rows)
    with replacing(paths.REPORTS / "validation") as folder:
        lost = list(validation.losses(validation.ask(examined.asked, suite, docs.site(folder))))
        remove(folder / "static")  # of Great Expectations' own pages
    valid, rejected = _part(table, lost, settings)
    with replacing(paths.VALID) as beside:
        beside.mkdir()
        valid.to_parquet(beside / "manifest.parquet", index=False)
        rejected.to_parquet(beside / QUARANTINE.name, index=False)
    reasons = causes.reasons(examined.asked, examined.looked, settings.targets, enough)
    warnings = [one.words for one in reasons[:MOST_REASONS]] + _doubts(table, settings)
    spellings = read_json(paths.SPELLINGS, made_by="ingest")
    counts = _counts(examined, valid, lost, settings) | {"warnings": warnings}
    counts["spellings"] = {column: len(names) for column, names in spellings.items()}
    write_json(paths.METRICS / "validate.json", counts)
    write_report(counts, rejected, spellings, paths.REPORTS / "data")
    _require_enough(examined, valid, reasons, settings)
    _tell(counts)


def _examine(table: pd.DataFrame, settings: params.Params) -> Examined:
    """What decoding found, and what a row has, in columns that are all our own."""
    look = partial(_look_at, settings.inputs)
    pieces = map_shards(look, shards(pq.read_table(paths.MANIFEST).to_pylist()), "reading inputs")
    looked = [found for piece in pieces for found in piece]
    numbers = pd.Series(range(1, len(table) + 1))
    first = numbers.groupby(table[ID]).transform("first")
    asked = pd.DataFrame({ID: table[ID], validation.EARLIER: first.where(first != numbers)})
    for name in settings.inputs:
        problems = [found[name].sentence if isinstance(found[name], Problem) else None for found in looked]
        asked[validation.PROBLEM.format(name)] = pd.Series(problems, dtype=object)
    asked[validation.INPUTS_USABLE] = [sum(found[name] is True for name in found) for found in looked]
    sound, enough = _sound(asked, settings), settings.validation.min_class_rows
    asked[validation.LABELS_USABLE] = 0
    for name, target in settings.targets.items():
        asked[name] = table[settings.labels[name]]
        problems = [problem and str(problem) for problem in target.problems(asked[name], sound, enough)]
        asked[validation.PROBLEM.format(name)] = pd.Series(problems, dtype=object)
        asked[validation.LABELS_USABLE] += asked[name].notna() & asked[validation.PROBLEM.format(name)].isna()
    return Examined(table, looked, asked)


def _look_at(inputs: Mapping[str, Modality], rows: list[dict[str, Any]]) -> list[Looked]:
    """What is wrong with every input of every row; equal cells are looked at once."""
    seen: dict[str, Problem | bool] = {}

    def look(row: dict[str, Any], name: str, kind: Modality) -> Problem | bool:
        cells = repr((name, [row.get(column) for column in kind.columns(name)]))
        if cells not in seen:
            seen[cells] = _problem(kind, row, name)
        return seen[cells]

    return [{name: look(row, name, kind) for name, kind in inputs.items()} for row in rows]


def _problem(kind: Modality, row: Mapping[str, Any], name: str) -> Problem | bool:
    try:
        raw = kind.raw(row, name, paths.RAW)
        if raw is None:
            return False
        kind.accept(raw)
    except BadInput as problem:
        return Problem.of(problem, next((row[column] for column in kind.columns(name) if row.get(column)), ""))
    return True


def _sound(asked: pd.DataFrame, settings: params.Params) -> np.ndarray:
    """Whether a row could be used if it had a label ``[rows]``."""
    sound = (asked[validation.INPUTS_USABLE] > 0) & asked[validation.EARLIER].isna() & asked[ID].notna()
    if settings.validation.bad_cell == "row":
        sound &= asked[[validation.PROBLEM.format(name) for name in settings.inputs]].isna().all(axis=1)
    return sound.to_numpy()


def _part(table: pd.DataFrame, lost: Sequence[Loss], settings: params.Params) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The rows that are used, without the labels that are not, and what was lost, each with its reason and its row."""
    valid = table.drop(index=[loss.row for loss in lost if loss.about is None])
    for target, column in settings.labels.items():
        valid[column] = valid[column].mask(valid.index.isin([loss.row for loss in lost if loss.about == target]), None)
    own = pd.DataFrame(
        {
            ID: [table.at[loss.row, ID] for loss in lost],
            "input": [loss.about if loss.about in settings.inputs else None for loss in lost],
            "target": [loss.about if loss.about in settings.targets else None for loss in lost],
            "reason": [loss.reason for loss in lost],
        },
        dtype=object,
    )
    rows = apart(table, [ID]).loc[[loss.row for loss in lost]].reset_index(drop=True)
    return valid, pd.concat([own, rows], axis=1)


def _doubts(table: pd.DataFrame, settings: params.Params) -> list[str]:
    """What may be meant otherwise than params.yaml says it."""
    of_inputs = [column for name, kind in settings.inputs.items() for column in kind.columns(name)]
    read = dict.fromkeys([*of_inputs, *settings.labels.values()])
    cells = {name: [None if is_missing(cell) else cell for cell in table[name]] for name in read}
    found = []
    for name, target in settings.targets.items():
        labels = [cell for cell in cells[settings.labels[name]] if cell is not None]
        found += [f"targets.{name}: {words}" for words in target.doubts(labels)]
    return found + [f"inputs.{name}: {words}" for name, kind in settings.inputs.items() for words in kind.doubts(cells)]


def _counts(examined: Examined, valid: pd.DataFrame, lost: Sequence[Loss], settings: params.Params) -> dict[str, Any]:
    used = [examined.looked[row] for row in valid.index]
    tallies: dict[str, Any] = {}
    for name, target in settings.targets.items():
        tallies.setdefault(target.tally, {})[name] = target.count(valid[settings.labels[name]])
    return {
        "rows": len(examined.table),
        "valid": len(valid),
        "quarantined": len(examined.table) - len(valid),
        "lessened": len({loss.row for loss in lost if loss.about}),
        "inputs": {
            name: {
                "present": sum(found[name] is True for found in used),
                "unreadable": sum(isinstance(found[name], Problem) for found in examined.looked),
            }
            for name in settings.inputs
        },
        **tallies,
    }


def _require_enough(examined: Examined, valid: pd.DataFrame, found: Sequence[Reason], settings: params.Params) -> None:
    """Stops where nothing can be learnt from what is left, and says the first cause of that."""
    where = f"{QUARANTINE} has every row and its reason"
    for name in settings.inputs:
        looked = [one[name] for one in examined.looked]
        if True not in looked and (first := next((one for one in found if one.about == name), None)):
            raise UserError(f"{first.words}. No row is left that has this input; {where}.")
    for name, target in settings.targets.items():
        column = settings.labels[name]
        if target.column_of(valid[column]).nunique() < 2:
            first = next((one for one in found if one.about not in settings.targets), None)
            labels, enough = examined.table[column], settings.validation.min_class_rows
            raise UserError(f"{causes.nothing_to_learn(name, target, labels, first, enough)}; {where}.")


def _tell(counts: Mapping[str, Any]) -> None:
    for words in counts["warnings"]:
        print(f"validate: {words}")
    where = f"; {QUARANTINE} has each with its reason" if counts["lessened"] or counts["quarantined"] else ""
    lessened = f" ({counts['lessened']:,} lose an input or a label)" if counts["lessened"] else ""
    print(
        f"validate: {counts['valid']:,} of {counts['rows']:,} rows are valid{lessened}, "
        f"{counts['quarantined']:,} are in quarantine{where}"
    )
