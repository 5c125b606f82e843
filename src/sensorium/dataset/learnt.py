"""What training rows teach of an input before it is embedded: `prepare` writes it, later stages read it."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from sensorium import paths
from sensorium.dataset.items import read_items
from sensorium.errors import UserError
from sensorium.files import read_json, write_json
from sensorium.modalities import Modality

LEARNT = "learnt.json"
ENCODER = "encoder"  # the folder of one that was trained here, beside the features


def learn(kind: Modality, folder: Path, digests: Sequence[str]) -> Modality:
    """Has an input learn what its encoder has to know, and writes it down beside the values.

    Args:
        kind: the input as declared.
        folder: its cleaned values.
        digests: of the training rows' values, one a row.

    Returns:
        The input with what it learnt.
    """
    learnt = kind.learn(_values(kind, folder, digests))
    if learnt is None:
        return kind
    write_json(folder / LEARNT, learnt.model_dump())
    return kind.model_copy(update={"learnt": learnt})


def learn_all(inputs: Mapping[str, Modality], train: pd.DataFrame, folder: Path) -> Iterator[str]:
    """Has every input learn from the training rows; gives a sentence for each with columns that say nothing in them.

    Args:
        inputs: as declared.
        train: training rows, with the digest of every input's value.
        folder: a folder of cleaned values an input.

    Raises:
        UserError: if no column of an input varies.
    """
    for name, kind in inputs.items():
        left_out = learn(kind, folder / name, train[name].dropna().tolist()).left_out()
        if len(left_out) == len(kind.columns(name)):
            raise UserError(
                f"inputs.{name}: no column of it varies over the training rows; leave it out of {paths.PARAMS}."
            )
        if left_out:
            columns = ", ".join(map(repr, left_out))
            yield f"inputs.{name}: the same in all training rows, and so not read: {columns}."


def taught(inputs: Mapping[str, Modality]) -> dict[str, Modality]:
    """The inputs, each with what `learn` wrote down and the encoder that `embed` trained, where it did."""
    return {
        name: _trained(_taught(kind, paths.PREPARED / name / LEARNT), paths.EMBEDDINGS / name / ENCODER)
        for name, kind in inputs.items()
    }


def _trained(kind: Modality, folder: Path) -> Modality:
    return kind.with_trained(folder) if folder.is_dir() else kind


def _taught(kind: Modality, path: Path) -> Modality:
    if not path.is_file():
        return kind
    return kind.model_validate(kind.model_dump() | {"learnt": read_json(path, made_by="prepare")})


def _values(kind: Modality, folder: Path, digests: Sequence[str]) -> Iterator[Any]:
    """Of every row; nothing is read before the first is asked for."""
    known = {digest: kind.unpack(packed) for digest, packed in read_items(folder, digests)}
    yield from (known[digest] for digest in digests)
