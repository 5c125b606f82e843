"""Cleaned values of every input, written in shards; equal cells are cleaned once."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from sensorium.dataset.items import digest, write_shard
from sensorium.errors import BadInput
from sensorium.modalities import Modality
from sensorium.modalities.modality import Descriptors
from sensorium.shards import map_shards, shards

Digests = dict[str, str | None]  # by input; None where a row lacks it


def clean_inputs(
    rows: Sequence[Mapping[str, Any]], inputs: Mapping[str, Modality], root: Path, folder: Path
) -> list[Digests]:
    """Writes the cleaned values of every input, and gives every row's digests.

    Args:
        rows: cells by column.
        inputs: as declared.
        root: the folder that paths in cells are relative to.
        folder: gets a folder an input.
    """
    for name in inputs:
        (folder / name).mkdir(parents=True)
    pieces = list(enumerate(shards(rows)))
    clean = partial(_clean_shard, inputs, root, folder)
    return [row for piece in map_shards(clean, pieces, "cleaning inputs") for row in piece]


def _clean_shard(
    inputs: Mapping[str, Modality], root: Path, folder: Path, piece: tuple[int, Sequence[Mapping[str, Any]]]
) -> list[Digests]:
    """Writes one shard of every input's values; returns the digests of every row."""
    number, rows = piece
    found: list[Digests] = [{} for _ in rows]
    for name, kind in inputs.items():
        packed: dict[str, bytes] = {}
        descriptors: dict[str, Descriptors] = {}
        seen: dict[str, str | None] = {}
        for row, digests in zip(rows, found, strict=True):
            cells = repr([row.get(column) for column in kind.columns(name)])
            if cells not in seen:
                seen[cells] = None
                if (value := _accepted(kind, row, name, root)) is not None:
                    item = kind.pack(value)
                    seen[cells] = digest(item)
                    packed[digest(item)], descriptors[digest(item)] = item, kind.describe(value)
            digests[name] = seen[cells]
        write_shard(folder / name, number, packed, descriptors)
    return found


def _accepted(kind: Modality, row: Mapping[str, Any], name: str, root: Path) -> Any | None:
    """The cleaned value of an input; ``None`` where it is missing, or cannot be used, which validation has reported."""
    try:
        raw = kind.raw(row, name, root)
        return None if raw is None else kind.accept(raw)
    except BadInput:
        return None
