"""Trains the encoder of an input on the labels of its rows, some times over: each fold of the training rows is read by
one that was trained without it, and all else by one that was trained on all of them."""

import hashlib
import json
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from sensorium import encoders, paths, targets, training
from sensorium.cached import made_once
from sensorium.dataset.cache import library_versions
from sensorium.dataset.columns import GROUP, SPLIT, TRAIN
from sensorium.dataset.encoder_labels import DIGEST, LABELS, TARGET, TARGETS, read_labels
from sensorium.dataset.items import read_items
from sensorium.encoders.encoder import Arrays, Preprocess
from sensorium.encoders.trainable.trainable import EncoderTraining, Trainable
from sensorium.encoders.trainable.trained import write
from sensorium.engine import HERE
from sensorium.errors import UserError
from sensorium.files import sha256
from sensorium.modalities import Modality
from sensorium.models.device import processes
from sensorium.training.data import Rows
from sensorium.training.encoder import INPUT, Answering, EncoderTrainer
from sensorium.training.folds import fold_of_rows

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


class Lesson:
    """The labelled values of an input.

    Args:
        kind: the input.
        folder: its prepared values and labels.
        work: a folder for files of the preprocessing.
    """

    def __init__(self, kind: Modality, folder: Path, work: Path) -> None:
        self.kind, self.settings, self.folder, self._work = kind, _settings(kind), folder, work
        self.table, self.targets = read_labels(folder)
        self.digests = list(dict.fromkeys(self.table[DIGEST]))

    def values(self, digests: Iterable[str]) -> Iterator[tuple[int, Any]]:
        """The place and the cleaned value of each of these digests, as they are stored; few are held at a time."""
        for digest, packed in read_items(self.folder, digests):
            yield self.place[digest], self.kind.unpack(packed)

    @cached_property
    def place(self) -> dict[str, int]:
        """Of every digest, the number that rows call it by."""
        return {digest: number for number, digest in enumerate(self.digests)}

    def trainable(self) -> Trainable:
        """A new encoder, the same one each time."""
        torch.manual_seed(0)
        train = self.table[DIGEST][self.table[SPLIT] == TRAIN].unique()
        values = (value for _, value in self.values(train))
        return self.kind.to_train(values, self._work)

    @cached_property
    def rows(self) -> Rows:
        """All labelled rows, training rows first; their one input names places among the digests."""
        items = torch.tensor([self.place[digest] for digest in self.table[DIGEST]])
        labels = {
            name: torch.from_numpy(one.truth(self.table[f"{TARGET}{name}"])) for name, one in self.targets.items()
        }
        return Rows({}, {INPUT: items}, labels, torch.tensor(self.table[GROUP].to_numpy()))

    @property
    def known(self) -> Tensor:
        """Whether a row has any label ``[rows]``."""
        each = [one.known(self.rows.labels[name]) for name, one in self.targets.items()]
        return torch.stack(each).any(0)

    @property
    def is_training(self) -> Tensor:
        """Whether a row is one to train with ``[rows]``."""
        return torch.from_numpy((self.table[SPLIT] == TRAIN).to_numpy())

    @cached_property
    def folds(self) -> Tensor:
        """The fold of every digest that a training row holds; -1 of others ``[digests]``."""
        train = self.rows.select(self.is_training.nonzero()[:, 0])
        first = {name: one.strata(train.labels[name].numpy()) for name, one in self.targets.items()}
        strata = max(first.values(), key=lambda of_target: len(np.unique(of_target)))
        found = torch.full((len(self.digests),), -1)
        found[train.items[INPUT]] = fold_of_rows(train, strata)
        return found


def _settings(kind: Modality) -> EncoderTraining:
    if kind.training is None:
        raise ValueError(f"{kind.encoder} is not trained here")
    return kind.training


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
    lesson = Lesson(kind, folder, into)
    _require_rows(lesson)
    cache = paths.cache() / "trained" / _key(lesson)
    folds = sorted(set(lesson.folds.tolist()) - {-1})
    pieces = [Piece(kind, folder, cache, fold) for fold in (-1, *folds)]
    whole, *others = HERE.map_with_progress(_train, pieces, f"training {kind.encoder}", most=processes())
    into.mkdir(parents=True)
    _write(lesson, whole, into)
    features: dict[str, np.ndarray] = {}
    for path in others:
        kept = load_file(path)
        digests = (lesson.digests[place] for place in kept["places"].tolist())
        features |= zip(digests, kept["features"].numpy(), strict=True)
    return kind.with_trained(into), features


def _require_rows(lesson: Lesson) -> None:
    counts = [int((lesson.known & mask).sum()) for mask in (lesson.is_training, ~lesson.is_training)]
    if min(counts) == 0:
        which = "training" if not counts[0] else "validation"
        raise UserError(
            f"no labelled {which} row has this input, and {lesson.settings.name} is an encoder that is trained here; "
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
                _fit(Lesson(piece.kind, piece.folder, Path(work)), piece.fold, path)
        finally:
            torch.set_num_threads(threads)

    return make


def _fit(lesson: Lesson, fold: int, path: Path) -> None:
    trainable, rows = lesson.trainable(), lesson.rows
    samples = _samples(lesson, trainable.preprocess)
    trainer = EncoderTrainer(trainable, samples, lesson.targets)
    held = torch.tensor([place in samples for place in range(len(lesson.digests))])
    usable = lesson.known & held[rows.items[INPUT]]
    of_fold = (lesson.folds == fold)[rows.items[INPUT]] & (fold >= 0)
    train, validation = (usable & mask for mask in (lesson.is_training & ~of_fold, ~lesson.is_training))
    fitted, judging = (rows.select(mask.nonzero()[:, 0]) for mask in (train, validation))
    trainer.fit(fitted, judging, lesson.settings.epochs)
    if fold < 0:
        learnt = {name: one.detach() for name, one in trainer.module.cpu().named_parameters() if one.requires_grad}
        save_file({name: tensor.contiguous() for name, tensor in learnt.items()}, path)
    else:
        places, features = _read(lesson, trainable.preprocess, trainer, fold)
        save_file({"places": places, "features": features}, path)


def _samples(lesson: Lesson, preprocess: Preprocess) -> dict[int, Arrays]:
    """What the network reads of every value or, where that is too much to hold, of every second, third, ..."""
    found: dict[int, Arrays] = {}
    size, step = 0, 1
    for number, (place, value) in enumerate(lesson.values(lesson.digests)):
        if number % step:
            continue
        found[place] = preprocess(value)
        size += sum(array.nbytes for array in found[place].values())
        if size > MOST_BYTES:
            found = dict(list(found.items())[::2])
            size, step = size // 2, 2 * step
    return found


def _read(lesson: Lesson, preprocess: Preprocess, trainer: EncoderTrainer, fold: int) -> tuple[Tensor, Tensor]:
    """Places of the values of a fold, and their features."""
    wanted = [lesson.digests[place] for place in (lesson.folds == fold).nonzero()[:, 0].tolist()]
    places, features = [], []
    values = lesson.values(wanted)
    while batch := list(islice(values, BATCH)):
        places += [place for place, _ in batch]
        features.append(trainer.features([preprocess(value) for _, value in batch]))
    return torch.tensor(places), torch.cat(features)


def _write(lesson: Lesson, weights: Path, folder: Path) -> None:
    """Writes the encoder that was trained on all training rows, as ONNX and as its weights."""
    trainable = lesson.trainable()
    outputs = sum(one.outputs for one in lesson.targets.values())
    module = Answering(trainable, outputs)
    module.load_state_dict(load_file(weights), strict=False)  # what does not learn is as it was
    trainable.merge()
    shutil.copyfile(weights, folder / WEIGHTS)
    values = [value for _, value in lesson.values(lesson.digests[:2])]
    write(folder, trainable, module, values, lesson.kind.preprocesses)


def _key(lesson: Lesson) -> str:
    """Changes with all that decides what is trained; code counts as a whole, which costs a training at most."""
    rooms = (encoders, targets, training)
    files = [path for room in rooms for path in Path(room.__path__[0]).rglob("*.py")]
    kind, libraries = lesson.kind, library_versions(("peft",))
    declared = kind.model_dump_json(exclude={"encoder": {"trained"}})
    described = [kind.encoder_made_of(), declared, libraries, lesson.digests]
    found = hashlib.sha256(json.dumps(described).encode())
    for path in (*sorted(files), Path(__file__), lesson.folder / LABELS, lesson.folder / TARGETS):
        found.update(sha256(path).encode())
    return found.hexdigest()
