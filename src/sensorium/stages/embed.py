"""embed INPUT: the features of every distinct value of an input, computed once ever."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from sensorium import paths
from sensorium.dataset import embedding
from sensorium.dataset.features import QUARANTINE, write_features, write_quarantine
from sensorium.dataset.items import digests, read_owners
from sensorium.dataset.learnt import ENCODER
from sensorium.engine import Engine
from sensorium.errors import UserError
from sensorium.files import existing, replacing
from sensorium.modalities import Modality
from sensorium.prepared import load_params
from sensorium.shards import shards


def run(name: str) -> None:
    """Writes data/embeddings/NAME; only values that the cache does not hold are embedded.

    An encoder that is trained here is trained first, and written beside the features.
    """
    settings = load_params()
    if name not in settings.inputs:
        raise UserError(f"there is no input {name!r} in {paths.PARAMS}; there is {', '.join(settings.inputs)}.")
    kind, engine = settings.inputs[name], settings.engine
    folder = existing(paths.PREPARED / name, made_by="prepare")
    with replacing(paths.EMBEDDINGS / name) as beside:
        beside.mkdir()
        kind, known = _trained(name, kind, folder, beside / ENCODER)
        _embed(name, kind, folder, beside, known, engine)


def _trained(name: str, kind: Modality, folder: Path, into: Path) -> tuple[Modality, Mapping[str, np.ndarray]]:
    """The input with its encoder, and the features of values that this encoder saw in training, by digest."""
    if kind.training is None:
        return kind, {}
    from sensorium.dataset.encoder_training import train_encoder  # torch is slow to import

    return train_encoder(name, kind, folder, into)


def _embed(
    name: str, kind: Modality, folder: Path, beside: Path, known: Mapping[str, np.ndarray], engine: Engine
) -> None:
    job = embedding.Job(kind, folder, digests(folder))
    print(f"embed {name}: {len(job.digests):,} distinct values, {len(embedding.missing(job)):,} new to {kind.encoder}")
    problems = embedding.embed([job], f"embedding {name}", engine)
    encoded = [digest for digest, key in job.keys.items() if key not in problems]
    if problems and not encoded:
        raise UserError(
            f"inputs.{name}: {kind.encoder} can encode none of the {len(problems):,} values; of the first: "
            f"{next(iter(problems.values()))}. Choose another encoder in {paths.PARAMS}."
        )
    pieces = (embedding.features(replace(job, digests=piece), problems) for piece in shards(encoded))
    tokens = embedding.load_encoder(kind).preprocess.most_tokens
    features = (known.get(digest, one) for piece in pieces for digest, one in piece.items())
    write_features(beside, encoded, features, tokens)
    rows = write_quarantine(beside, name, read_owners(folder), problems)
    if problems:
        print(
            f"embed {name}: {len(problems):,} values cannot be encoded; in the {len(rows):,} rows that hold them the "
            f"input counts as missing ({paths.EMBEDDINGS / name / QUARANTINE}). The first: "
            f"{rows['id'].iloc[0]}: {rows['reason'].iloc[0]}"
        )
