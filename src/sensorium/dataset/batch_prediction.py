"""A model predicts a whole table in pieces on disk: memory does not grow with it, and a killed run goes on."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from filelock import FileLock, Timeout

from sensorium import tables
from sensorium.dataset.table_prediction import ERROR, INPUTS, abstained, columns_read, predict_table
from sensorium.engine import HERE
from sensorium.errors import UserError
from sensorium.files import remove, replacing
from sensorium.modalities import Modality
from sensorium.runtime import settings
from sensorium.runtime.predictor import Predictor
from sensorium.runtime.settings import Serve
from sensorium.shards import ROWS

ID = "id"


@dataclass(frozen=True)
class Job:
    """What every piece of a table needs.

    Attributes:
        model: its folder.
        version: the model that is to be in it.
        serve: how it answers.
        root: the folder that paths in cells are relative to.
        answers: the folder for finished pieces.
    """

    model: Path
    version: str
    serve: Serve
    root: Path
    answers: Path


@dataclass
class Staged:
    """A table in pieces on disk.

    Attributes:
        pieces: a Parquet file each.
        sizes: their rows.
        columns: of all of them, in the order of appearance.
    """

    pieces: list[Path] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    columns: dict[str, None] = field(default_factory=dict)


@dataclass
class Counts:
    """What came of the rows.

    Attributes:
        version: of the model.
        abstained: by target that may abstain, the answers that are too unsure.
        rows: all of them.
        unanswered: those with a reason instead of an answer.
        first_unanswered: the first of these reasons.
        partial: those answered without an input that cannot be used.
        first_partial: the first of the reasons why not.
    """

    version: str
    abstained: dict[str, int]
    rows: int = 0
    unanswered: int = 0
    first_unanswered: str = ""
    partial: int = 0
    first_partial: str = ""


def predict_file(source: Path, target: Path, model: Path) -> Counts:
    """Writes a table again, with an answer, or a reason why there is none, beside every row.

    Args:
        source: the table; paths in its cells are relative to its folder and may not leave it.
        target: the file to write; one that is there stays until all rows are answered.
        model: its folder.

    Raises:
        UserError: if the table cannot be read, has nothing for the model, or there is no model.
    """
    predictor = _predictor(model)
    with _parts(target) as parts:
        job = Job(model, predictor.version, settings.read(model).serve, source.parent.resolve(), parts / "answers")
        staged = _stage(source, parts / "rows")
        added = list(predict_table(pa.table({}), predictor, job.serve, job.root))
        _require_columns(source, staged.columns, predictor.inputs, added)
        answered = list(
            HERE.map_with_progress(partial(predict_piece, job), staged.pieces, "answering rows", staged.sizes)
        )
        unsure = {name: 0 for name, learnt in predictor.targets.items() if learnt.may_abstain}
        return _join(answered, target, added, Counts(predictor.version, unsure))


@contextmanager
def _parts(target: Path) -> Iterator[Path]:
    """A folder beside the output for finished pieces: a killed run leaves it, and the next goes on from there."""
    folder = target.with_name(f".{target.name}.parts")
    folder.mkdir(exist_ok=True)
    try:
        held = FileLock(folder / "lock").acquire(timeout=0)
    except Timeout as busy:
        raise UserError(f"{target} is being written by another run; wait for it.") from busy
    with held:
        try:
            yield folder
        except UserError:  # to go on from there would meet it again
            remove(folder)
            raise
        remove(folder)


def _stage(source: Path, folder: Path) -> Staged:
    """Puts a table of any format into pieces on disk, so that workers need no place in a file."""
    staged = Staged()
    with replacing(folder) as beside:
        beside.mkdir()
        for number, piece in enumerate(tables.read(source, ROWS)):
            name = f"{number:06d}.parquet"
            pq.write_table(piece, beside / name)
            staged.pieces.append(folder / name)
            staged.sizes.append(piece.num_rows)
            staged.columns |= dict.fromkeys(piece.column_names)
    return staged


def _require_columns(
    source: Path, columns: Iterable[str], inputs: Mapping[str, Modality], added: Iterable[str]
) -> None:
    known = columns_read(inputs)
    if not set(known) & set(columns):
        raise UserError(
            f"{source} has no column that the model reads; it reads {', '.join(known)}, the table has "
            f"{', '.join(columns)}."
        )
    if both := [name for name in added if name in columns]:
        raise UserError(f"{source} has a column {both[0]!r}, which is where an answer goes; leave it out or rename it.")


@cache
def _predictor(model: Path) -> Predictor:
    return Predictor.load(model)


def predict_piece(job: Job, piece: Path) -> Path:
    """Predicts the rows of one piece, unless a run that was killed has done so; returns the file."""
    predictor = _predictor(job.model)
    if predictor.version != job.version:
        raise UserError(f"the model in {job.model} was replaced meanwhile; type the same again.")
    table = pq.read_table(piece)
    done = job.answers / f"{piece.stem}-{_claim(job, piece, table, predictor.inputs)}.parquet"
    if not done.is_file():
        added = predict_table(table, predictor, job.serve, job.root)
        with replacing(done) as beside:
            pq.write_table(pa.table(dict(zip(table.column_names, table.columns, strict=True)) | added), beside)
    return done


def _claim(job: Job, piece: Path, table: pa.Table, inputs: Mapping[str, Modality]) -> str:
    """Differs when other rows, files that they name, model or settings would give another answer."""
    digest = hashlib.sha256(piece.read_bytes())
    digest.update(f"{job.version} {job.serve.abstain}".encode())
    files = [column for name, kind in inputs.items() if kind.is_file for column in kind.columns(name)]
    for column in dict.fromkeys(name for name in files if name in table.column_names):
        for cell in table[column].to_pylist():
            digest.update(repr((cell, _state(job.root, cell))).encode())
    return digest.hexdigest()[:16]


def _state(root: Path, cell: Any) -> tuple[int, int] | None:
    try:
        status = (root / cell).stat()
    except (OSError, ValueError, TypeError):  # none, or no path
        return None
    return status.st_size, status.st_mtime_ns


def _join(pieces: Sequence[Path], target: Path, added: Sequence[str], counts: Counts) -> Counts:
    """Writes all pieces into one file: the id, the table's other columns, then what is added to each row."""
    found = pq.read_schema(pieces[0])
    of_table = [name for name in found.names if name not in (ID, *added)]
    fields = [found.field(name) for name in (*of_table, *added)]
    own = ID in found.names
    schema = pa.schema([found.field(ID) if own else pa.field(ID, pa.string()), *fields])

    def rows() -> Iterator[pa.Table]:
        for path in pieces:
            piece = pq.read_table(path)
            if not own:
                numbers = range(counts.rows + 1, counts.rows + piece.num_rows + 1)
                piece = piece.add_column(0, ID, pa.array(map(str, numbers)))
            _count(piece, counts)
            yield piece.select(schema.names)

    with replacing(target) as beside:
        tables.format_of(target).write(beside, schema, rows())
    return counts


def _count(piece: pa.Table, counts: Counts) -> None:
    counts.rows += piece.num_rows
    for used, error in zip(piece[INPUTS].to_pylist(), piece[ERROR].to_pylist(), strict=True):
        if error and used is None:
            counts.unanswered += 1
            counts.first_unanswered = counts.first_unanswered or error
        elif error:
            counts.partial += 1
            counts.first_partial = counts.first_partial or error
    for target in counts.abstained:
        counts.abstained[target] += pc.sum(piece[abstained(target)]).as_py() or 0
