"""validate: every row is asked the suite; what fails is quarantined with its reasons."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import pandas as pd
import pyarrow.parquet as pq

from sensorium import params, paths
from sensorium.dataset import validation
from sensorium.errors import BadInput, UserError
from sensorium.files import existing, read_json, remove, replacing, write_json
from sensorium.modalities import Modality
from sensorium.report import docs
from sensorium.report.data import write_report
from sensorium.shards import map_shards, shards
from sensorium.stages.ingest import SPELLINGS, manifest


def run() -> None:
    """Writes the valid and the quarantined rows, Data Docs, and counts."""
    settings = params.load()
    table = pd.read_parquet(existing(manifest(), made_by="ingest")).reset_index(drop=True)
    examined = _examine(table, settings)
    classes = _frequent_classes(examined, settings)
    suite = validation.questions(list(settings.inputs), classes, settings.validation.min_class_rows)
    with replacing(paths.REPORTS / "validation") as folder:
        reasons = validation.ask(examined, suite, docs.site(folder))
        remove(folder / "static")  # of Great Expectations' own pages
    rejected = table.loc[sorted(reasons)].assign(reason=["; ".join(reasons[row]) for row in sorted(reasons)])
    valid = table.drop(index=rejected.index)
    with replacing(paths.VALID) as beside:
        beside.mkdir()
        valid.to_parquet(beside / "manifest.parquet", index=False)
        rejected.to_parquet(beside / "quarantine.parquet", index=False)
    spellings = read_json(paths.RAW / SPELLINGS, made_by="ingest")
    counts = _counts(table, valid, rejected, examined, settings)
    counts["spellings"] = {column: len(names) for column, names in spellings.items()}
    write_json(paths.METRICS / "validate.json", counts)
    write_report(counts, rejected, spellings, paths.REPORTS / "data")
    print(f"validate: {len(valid):,} of {len(table):,} rows are valid, {len(rejected):,} are in quarantine")
    _require_enough(valid, rejected, settings)


def _examine(table: pd.DataFrame, settings: params.Params) -> pd.DataFrame:
    """The table with the columns that the suite asks about: what decoding found, and what a row has."""
    rows = pq.read_table(manifest()).to_pylist()
    look = partial(_look_at, settings.inputs)
    looked = [found for piece in map_shards(look, shards(rows), "reading inputs") for found in piece]
    examined = table.copy()
    for name in settings.inputs:
        examined[validation.PROBLEM.format(name)] = [found[name] or None for found in looked]
    examined[validation.INPUTS_PRESENT] = [sum(found[name] is not None for name in found) for found in looked]
    examined[validation.LABELS_KNOWN] = table[list(settings.targets)].notna().sum(axis=1)
    numbers = pd.Series(range(1, len(table) + 1))
    first = numbers.groupby(table["id"]).transform("first")
    examined[validation.EARLIER] = first.where(first != numbers)
    return examined


def _look_at(inputs: Mapping[str, Modality], rows: list[dict[str, Any]]) -> list[dict[str, str | None]]:
    """For every row and input: what is wrong with it, an empty string for nothing, ``None`` where it is missing."""
    seen: dict[str, str | None] = {}

    def look(row: dict[str, Any], name: str, kind: Modality) -> str | None:
        cells = repr((name, [row.get(column) for column in kind.columns(name)]))
        if cells not in seen:
            seen[cells] = _problem(kind, row, name)
        return seen[cells]

    return [{name: look(row, name, kind) for name, kind in inputs.items()} for row in rows]


def _problem(kind: Modality, row: Mapping[str, Any], name: str) -> str | None:
    try:
        raw = kind.raw(row, name, paths.RAW)
        if raw is None:
            return None
        kind.accept(raw)
    except BadInput as problem:
        return str(problem)
    return ""


def _frequent_classes(examined: pd.DataFrame, settings: params.Params) -> dict[str, list[str]]:
    """The classes of every target with enough rows among those that are otherwise sound."""
    problems = [validation.PROBLEM.format(name) for name in settings.inputs]
    sound = examined[
        examined[problems].isna().all(axis=1)
        & (examined[validation.INPUTS_PRESENT] > 0)
        & examined[validation.EARLIER].isna()
        & examined["id"].notna()
    ]
    counts = {target: sound[target].value_counts() for target in settings.targets}
    return {
        target: sorted(count.index[count >= settings.validation.min_class_rows]) for target, count in counts.items()
    }


def _counts(
    table: pd.DataFrame, valid: pd.DataFrame, rejected: pd.DataFrame, examined: pd.DataFrame, settings: params.Params
) -> dict[str, Any]:
    return {
        "rows": len(table),
        "valid": len(valid),
        "quarantined": len(rejected),
        "inputs": {
            name: {
                "present": int(valid[kind.columns(name)].notna().any(axis=1).sum()),
                "unreadable": int(examined[validation.PROBLEM.format(name)].notna().sum()),
            }
            for name, kind in settings.inputs.items()
        },
        "classes": {
            target: {str(name): int(count) for name, count in valid[target].value_counts().sort_index().items()}
            for target in settings.targets
        },
    }


def _require_enough(valid: pd.DataFrame, rejected: pd.DataFrame, settings: params.Params) -> None:
    """Stops where nothing could be learnt from what is left."""
    where = paths.VALID / "quarantine.parquet"
    if valid.empty:
        first = rejected["reason"].iloc[0]
        raise UserError(f"no row is valid; the first one's reason: {first}. All rows and reasons are in {where}.")
    for target in settings.targets:
        classes = sorted(valid[target].dropna().unique())
        if len(classes) < 2:
            only = f"all rows are of class {classes[0]!r}" if classes else "no row has a label"
            raise UserError(
                f"targets.{target}: {only}, so there is nothing to learn; at least two classes of "
                f"{settings.validation.min_class_rows} rows are needed (rejected rows are in {where})."
            )
