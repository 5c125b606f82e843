"""Cleaned values of every input, written in shards; equal cells are cleaned once."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa

from sensorium.dataset.items import digest, write_shard
from sensorium.dataset.pieces import Piece, Pieces
from sensorium.engine import Engine
from sensorium.errors import BadInput
from sensorium.files import temporary
from sensorium.modalities import Modality
from sensorium.modalities.modality import Descriptors

Digests = dict[str, list[str | None]]  # by input of every row; None where it lacks it


def clean_inputs(table: pa.Table, inputs: Mapping[str, Modality], root: Path, folder: Path, engine: Engine) -> Digests:
    """Writes the cleaned values of every input, and gives every row's digests.

    Args:
        table: cells by column.
        inputs: as declared.
        root: the folder that paths in cells are relative to.
        folder: gets a folder an input.
        engine: who cleans them.
    """
    for name in inputs:
        (folder / name).mkdir(parents=True)
    pieces, found = Pieces(table), {name: list[str | None]() for name in inputs}
    with temporary(folder.parent) as beside:  # what a killed worker leaves is in no output
        clean = partial(_clean_piece, inputs, root, folder, beside)
        for piece in engine.map_shards(clean, pieces, "cleaning inputs", pieces.sizes):
            for name, digests in piece.items():
                found[name] += digests
    return found


def _clean_piece(inputs: Mapping[str, Modality], root: Path, folder: Path, beside: Path, piece: Piece) -> Digests:
    """Writes one shard of every input's values; returns the digests of its rows."""
    found: Digests = {}
    for name, kind in inputs.items():
        packed: dict[str, bytes] = {}
        descriptors: dict[str, Descriptors] = {}
        seen: dict[str, str | None] = {}
        for row in piece.rows:
            cells = repr([row.get(column) for column in kind.columns(name)])
            if cells not in seen:
                seen[cells] = None
                if (value := _accepted(kind, row, name, root)) is not None:
                    item = kind.pack(value)
                    seen[cells] = digest(item)
                    packed[digest(item)], descriptors[digest(item)] = item, kind.describe(value)
            found.setdefault(name, []).append(seen[cells])
        write_shard(folder / name, piece.number, packed, descriptors, beside)
    return found


def _accepted(kind: Modality, row: Mapping[str, Any], name: str, root: Path) -> Any | None:
    """The cleaned value of an input; ``None`` where it is missing, or cannot be used, which validation has reported."""
    try:
        raw = kind.raw(row, name, root)
        return None if raw is None else kind.accept(raw)
    except BadInput:
        return None
