"""What training rows teach of an input before it is embedded: `prepare` writes it, later stages read it."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from sensorium import paths
from sensorium.dataset.items import read_items
from sensorium.files import read_json, write_json
from sensorium.modalities import Modality

LEARNT = "learnt.json"


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


def taught(inputs: Mapping[str, Modality]) -> dict[str, Modality]:
    """The inputs, each with what `learn` wrote down; those that learnt nothing as they are."""
    return {name: _taught(kind, paths.PREPARED / name / LEARNT) for name, kind in inputs.items()}


def _taught(kind: Modality, path: Path) -> Modality:
    if not path.is_file():
        return kind
    return kind.model_validate(kind.model_dump() | {"learnt": read_json(path, made_by="prepare")})


def _values(kind: Modality, folder: Path, digests: Sequence[str]) -> Iterator[Any]:
    """Of every row; nothing is read before the first is asked for."""
    known = {digest: kind.unpack(packed) for digest, packed in read_items(folder, digests)}
    yield from (known[digest] for digest in digests)
