"""validate: every row is checked; what fails costs the row an input, a label or its place, with the reason."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import pyarrow.parquet as pq

from sensorium import params, paths
from sensorium.dataset import problems, validation
from sensorium.dataset.columns import ID
from sensorium.dataset.digests import write_digests
from sensorium.dataset.quarantine import quarantine
from sensorium.dataset.reading import read_inputs
from sensorium.dataset.row_checks import check_rows
from sensorium.dataset.validation_summary import counts, doubts, require_learnable
from sensorium.files import existing, read_json, remove, replacing, write_json
from sensorium.media import Media
from sensorium.report import docs
from sensorium.report.data import write_report

QUARANTINE = paths.VALID / "quarantine.parquet"
MOST_REASONS = 5  # that are printed


def run() -> None:
    """Writes the valid and the quarantined rows, the cleaned values of inputs, Data Docs, and counts."""
    settings = params.load()
    inputs, targets, enough = settings.inputs, settings.targets, settings.validation.min_class_rows
    cells_cost_rows = settings.validation.bad_cell == "row"
    table = pd.read_parquet(existing(paths.MANIFEST, made_by="ingest")).reset_index(drop=True)
    labels = _labels(table, settings)
    with replacing(paths.VALID) as beside:
        beside.mkdir()
        values, media = beside / paths.VALUES.name, Media.of_folder(paths.RAW)
        found, digests = read_inputs(pq.read_table(paths.MANIFEST), inputs, media, values, settings.engine)
        checks = check_rows(table[ID], found, inputs, labels, targets, cells_cost_rows, enough)
        suite = validation.expectations(list(inputs), list(targets), cells_cost_rows)
        with replacing(paths.REPORTS / "validation") as folder:
            losses = list(validation.losses(validation.check(checks, suite, docs.site(folder))))
            remove(folder / "static")  # of Great Expectations' own pages
        valid, rejected = quarantine(table, losses, inputs, settings.labels)
        valid.to_parquet(beside / "manifest.parquet", index=False)
        rejected.to_parquet(beside / QUARANTINE.name, index=False)
        write_digests(beside / paths.DIGESTS.name, digests, valid.index.to_numpy(), inputs)
    reasons = problems.reasons(checks, found, targets, enough)
    warnings = [one.words for one in reasons[:MOST_REASONS]] + [*doubts(table, inputs, targets, settings.labels)]
    spellings = read_json(paths.SPELLINGS, made_by="ingest")
    valid_labels = _labels(valid, settings)
    figures = counts(found, valid_labels, losses, inputs, targets) | {"warnings": warnings}
    figures["spellings"] = {column: len(names) for column, names in spellings.items()}
    write_json(paths.METRICS / "validate.json", figures)
    write_report(figures, rejected, spellings, paths.REPORTS / "data")
    where = f"{QUARANTINE} has every row and its reason"
    require_learnable(found, labels, valid_labels, reasons, targets, enough, where)
    _print(figures)


def _labels(table: pd.DataFrame, settings: params.Params) -> pd.DataFrame:
    """The labels of a table's rows, a column a target."""
    return pd.DataFrame({name: table[column] for name, column in settings.labels.items()})


def _print(figures: Mapping[str, Any]) -> None:
    for words in figures["warnings"]:
        print(f"validate: {words}")
    partly = figures["partly_quarantined"]
    where = f"; {QUARANTINE} has each with its reason" if partly or figures["quarantined"] else ""
    print(
        f"validate: {figures['valid']:,} of {figures['rows']:,} rows are valid"
        f"{f' ({partly:,} lose an input or a label)' if partly else ''}, "
        f"{figures['quarantined']:,} are in quarantine{where}"
    )
