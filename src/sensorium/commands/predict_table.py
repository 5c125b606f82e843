"""predict --table: predicts every row of a table on this machine, with the model that `make serve` would serve."""

import os
import time
from collections.abc import Sequence
from pathlib import Path

from sensorium import tables
from sensorium.dataset.batch_prediction import Counts, predict_file
from sensorium.dataset.table_prediction import ERROR
from sensorium.errors import UserError
from sensorium.serving.deployment import champion_folder


def run(table: str | None, out: str | None, others: Sequence[str] = (), url: str | None = None) -> None:
    """Predicts the rows of a table and prints how many were answered.

    Args:
        table: the file to read.
        out: the file to write.
        others: arguments that make no sense beside a table.
        url: likewise.

    Raises:
        UserError: if one of them is missing or too many, the table cannot be read, or there is no model.
    """
    source, target = _places(table, out, others, url)
    began = time.perf_counter()
    counts = predict_file(source, target, champion_folder().absolute())
    _report(counts, target, time.perf_counter() - began)


def _places(table: str | None, out: str | None, others: Sequence[str], url: str | None) -> tuple[Path, Path]:
    if table is None or out is None:
        raise UserError("a table needs a place for its answers: give both --table and --out.")
    if others:
        raise UserError(f"a table brings the inputs of its rows; leave {others[0]} out.")
    if url:
        raise UserError("a table is answered here, by no service; leave --url out.")
    source, target = Path(table).expanduser(), Path(out).expanduser()
    tables.format_of(source)
    tables.format_of(target)
    if target.is_dir():
        raise UserError(f"{target} is a folder; name a file for the answers.")
    if not target.parent.is_dir() or not os.access(target.parent, os.W_OK):
        raise UserError(f"{target} cannot be written: {target.parent} is no folder that you may write to.")
    if target.exists() and source.exists() and target.samefile(source):
        raise UserError(f"{target} is the table itself; name another file for the answers.")
    return source, target


def _report(counts: Counts, target: Path, seconds: float) -> None:
    answered = counts.rows - counts.unanswered
    print(
        f"predict: {answered:,} of {counts.rows:,} rows are answered in {target} by model {counts.version} "
        f"({seconds:,.1f} s, {counts.rows / seconds:,.0f} rows/s)"
    )
    if unsure := ", ".join(f"{count:,} of {name}" for name, count in counts.abstained.items() if count):
        print(f"too unsure for a label: {unsure}")
    if counts.partial:
        print(f"without an input: {counts.partial:,} rows; {ERROR} says why, of the first: {counts.first_partial}")
    if counts.unanswered:
        first = counts.first_unanswered
        print(f"without an answer: {counts.unanswered:,} rows; {ERROR} says why, of the first: {first}")
