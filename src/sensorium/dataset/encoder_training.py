"""Trains the encoder of an input on the labels of its rows, some times over: each fold of the training rows is read by
one that was trained without it, and all else by one that was trained on all of them."""

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from sensorium import encoders, paths, targets, training
from sensorium.cached import made_once
from sensorium.dataset.cache import library_versions
from sensorium.dataset.encoder_labels import LABELS, TARGETS
from sensorium.dataset.labelled_values import LabelledValues
from sensorium.encoders.encoder import Arrays, Preprocess
from sensorium.encoders.trainable.trained import write
from sensorium.engine import HERE
from sensorium.errors import UserError
from sensorium.files import sha256
from sensorium.modalities import Modality
from sensorium.models.device import processes
from sensorium.training.encoder import INPUT, Answering, EncoderTrainer

MOST_BYTES = 2**30  # of what the network reads of all values
BATCH = 64
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


def train_encoder(kind: Modality, folder: Path, into: Path) -> tuple[Modality, dict[str, np.ndarray]]:
    """Trains an input's encoder, or finds it in the cache.

    Args:
        kind: the input as declared.
        folder: its prepared values and labels.
        into: a folder that does not exist yet, where the encoder is written.

    Returns:
        The input with its encoder, and by digest the features ``[tokens, dim]`` of the values in training rows.

    Raises:
        UserError: if too few rows are labelled.
    """
    labelled = LabelledValues(kind, folder, into)
    _require_rows(labelled)
    cache = paths.cache() / "trained" / _key(labelled)
    folds = sorted(set(labelled.folds.tolist()) - {-1})
    pieces = [Piece(kind, folder, cache, fold) for fold in (-1, *folds)]
    whole, *others = HERE.map_with_progress(_train, pieces, f"training {kind.encoder}", most=processes())
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


def _require_rows(labelled: LabelledValues) -> None:
    counts = [int((labelled.known & mask).sum()) for mask in (labelled.is_training, ~labelled.is_training)]
    if min(counts) == 0:
        which = "training" if not counts[0] else "validation"
        raise UserError(
            f"no labelled {which} row has this input, and {labelled.kind.encoder} is an encoder that is trained here; "
            "choose one that is there already, or give more rows."
        )


def _train(piece: Piece) -> Path:
    """Trains one encoder; the file of its weights or, of a fold, of the features that it gives of it."""
    name = WEIGHTS if piece.fold < 0 else FEATURES
    return made_once(piece.cache / (f"without-{piece.fold}" if piece.fold >= 0 else "all") / name, _trainer(piece))


def _trainer(piece: Piece) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        threads = torch.get_num_threads()
        torch.set_num_threads(1)  # so that sums are the same wherever they are made
        try:
            with TemporaryDirectory() as work:
                _fit(LabelledValues(piece.kind, piece.folder, Path(work)), piece.fold, path)
        finally:
            torch.set_num_threads(threads)

    return make


def _fit(labelled: LabelledValues, fold: int, path: Path) -> None:
    trainable, rows = labelled.trainable(), labelled.rows
    samples = _samples(labelled, trainable.preprocess)
    trainer = EncoderTrainer(trainable, samples, labelled.targets)
    held = torch.tensor([place in samples for place in range(len(labelled.digests))])
    usable = labelled.known & held[rows.items[INPUT]]
    of_fold = (labelled.folds == fold)[rows.items[INPUT]] & (fold >= 0)
    train, validation = (usable & mask for mask in (labelled.is_training & ~of_fold, ~labelled.is_training))
    fitted, judging = (rows.select(mask.nonzero()[:, 0]) for mask in (train, validation))
    trainer.fit(fitted, judging)
    if fold < 0:
        learnt = {name: one.detach() for name, one in trainer.module.cpu().named_parameters() if one.requires_grad}
        save_file({name: tensor.contiguous() for name, tensor in learnt.items()}, path)
    else:
        places, features = _read(labelled, trainable.preprocess, trainer, fold)
        save_file({"places": places, "features": features}, path)


def _samples(labelled: LabelledValues, preprocess: Preprocess) -> dict[int, Arrays]:
    """What the network reads of every value or, where that is too much to hold, of every second, third, ..."""
    found: dict[int, Arrays] = {}
    size, step = 0, 1
    for number, (place, value) in enumerate(labelled.values(labelled.digests)):
        if number % step:
            continue
        found[place] = preprocess(value)
        size += sum(array.nbytes for array in found[place].values())
        if size > MOST_BYTES:
            found = dict(list(found.items())[::2])
            size, step = size // 2, 2 * step
    return found


def _read(
    labelled: LabelledValues, preprocess: Preprocess, trainer: EncoderTrainer, fold: int
) -> tuple[Tensor, Tensor]:
    """Places of the values of a fold, and their features."""
    wanted = [labelled.digests[place] for place in (labelled.folds == fold).nonzero()[:, 0].tolist()]
    places, features = [], []
    values = labelled.values(wanted)
    while batch := list(islice(values, BATCH)):
        places += [place for place, _ in batch]
        features.append(trainer.features([preprocess(value) for _, value in batch]))
    return torch.tensor(places), torch.cat(features)


def _write(labelled: LabelledValues, weights: Path, folder: Path) -> None:
    """Writes the encoder that was trained on all training rows, as ONNX and as its weights."""
    trainable = labelled.trainable()
    outputs = sum(one.outputs for one in labelled.targets.values())
    module = Answering(trainable, outputs)
    module.load_state_dict(load_file(weights), strict=False)  # what does not learn is as it was
    trainable.merge()
    shutil.copyfile(weights, folder / WEIGHTS)
    values = [value for _, value in labelled.values(labelled.digests[:2])]
    write(folder, trainable, module, values, labelled.kind.preprocesses)


def _key(labelled: LabelledValues) -> str:
    """Changes with all that decides what is trained; code counts as a whole, which costs a training at most."""
    rooms = (encoders, targets, training)
    files = [path for room in rooms for path in Path(room.__path__[0]).rglob("*.py")]
    kind, libraries = labelled.kind, library_versions(("peft",))
    declared = kind.model_dump_json(exclude={"encoder": {"trained"}})
    described = [kind.encoder_made_of(), declared, libraries, labelled.digests]
    found = hashlib.sha256(json.dumps(described).encode())
    for path in (*sorted(files), Path(__file__), labelled.folder / LABELS, labelled.folder / TARGETS):
        found.update(sha256(path).encode())
    return found.hexdigest()
