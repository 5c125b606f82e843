"""Every input of every row, read once: what is wrong with it, or its cleaned value, which is kept in shards."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa

from sensorium.data_root import Files
from sensorium.dataset.columns import ID
from sensorium.dataset.items import digest, write_shard
from sensorium.dataset.pieces import Piece, Pieces
from sensorium.dataset.problems import InputChecks, Problem
from sensorium.engine import Engine
from sensorium.errors import BadInput
from sensorium.files import temporary
from sensorium.media import Media
from sensorium.modalities import Modality
from sensorium.modalities.descriptors import Descriptors

Outcome = Problem | str | None  # of an input of a row: what is wrong, the digest of its value, or nothing to read


def read_inputs(
    table: pa.Table, inputs: Mapping[str, Modality], media: Media, folder: Path, engine: Engine
) -> tuple[list[InputChecks], dict[str, pa.Array]]:
    """Reads every input of every row.

    Args:
        table: cells by column.
        inputs: as declared.
        media: the files that cells name.
        folder: gets a folder an input, with the shards of its cleaned values.
        engine: who reads them.

    Returns:
        What was found in every row, which those without a problem share that have the same inputs; and by input the
        digest of every row's value, null where it is missing or cannot be used.
    """
    for name in inputs:
        (folder / name).mkdir(parents=True)
    columns = dict.fromkeys(column for name, kind in inputs.items() for column in kind.columns(name))
    pieces = Pieces(table.select([ID, *(column for column in columns if column != ID)]), media)
    found: list[InputChecks] = []
    digests: dict[str, list[pa.Array]] = {name: [] for name in inputs}
    alike: dict[tuple[Problem | bool, ...], InputChecks] = {}
    with temporary(folder.parent) as beside:  # what a killed worker leaves is in no output
        read = partial(_read_piece, inputs, folder, beside)
        for piece in engine.map_with_progress(read, pieces, "reading inputs", pieces.sizes):
            for name, outcomes in piece.items():
                digests[name].append(_digests(outcomes))
            for row in zip(*piece.values(), strict=True):
                checks = tuple(one if isinstance(one, Problem) else one is not None for one in row)
                found.append(alike.setdefault(checks, dict(zip(inputs, checks, strict=True))))
    return found, {name: pa.concat_arrays(arrays) for name, arrays in digests.items()}


def _digests(outcomes: Sequence[Outcome]) -> pa.Array:
    """Of large strings, since those of many million rows are more than 2 GiB."""
    return pa.array([one if isinstance(one, str) else None for one in outcomes], pa.large_string())


def _read_piece(inputs: Mapping[str, Modality], folder: Path, beside: Path, piece: Piece) -> dict[str, list[Outcome]]:
    """Writes one shard of every input's values; returns what came of its rows."""
    return {name: _read_input(kind, name, folder / name, beside, piece) for name, kind in inputs.items()}


def _read_input(kind: Modality, name: str, folder: Path, beside: Path, piece: Piece) -> list[Outcome]:
    """Equal cells are read once."""
    packed: dict[str, bytes] = {}
    descriptors: dict[str, Descriptors] = {}
    seen: dict[str, Outcome] = {}
    outcomes: list[Outcome] = []
    for row in piece.rows:
        cells = repr([row.get(column) for column in kind.columns(name)])
        if cells not in seen:
            found = _accepted(kind, row, name, piece.files)
            if found is None or isinstance(found, Problem):
                seen[cells] = found
            else:
                item = kind.pack(found)
                seen[cells] = key = digest(item)
                packed[key], descriptors[key] = item, kind.describe(found)
        outcomes.append(seen[cells])
    write_shard(folder, piece.number, packed, descriptors, beside)
    return outcomes


def _accepted(kind: Modality, row: Mapping[str, Any], name: str, files: Files) -> Any | Problem | None:
    """The cleaned value of an input, or what is wrong with it; ``None`` where it is missing."""
    try:
        return kind.value(row, name, files)
    except BadInput as problem:
        return Problem.of(problem, next((row[column] for column in kind.columns(name) if row.get(column)), ""))
