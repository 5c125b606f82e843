"""The labelled values of an input, which an encoder that is trained here learns from."""

from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from sensorium.dataset.columns import GROUP, SPLIT, TRAIN
from sensorium.dataset.encoder_labels import DIGEST, ELSEWHERE, TARGET, read_labels
from sensorium.dataset.items import read_items
from sensorium.encoders.trainable.trainable import Trainable
from sensorium.modalities import Modality
from sensorium.training.data import Rows
from sensorium.training.encoder import INPUT
from sensorium.training.folds import fold_of_rows


class LabelledValues:
    """The labelled values of an input.

    Args:
        kind: the input.
        folder: its prepared values and labels.
        work: a folder for files of the preprocessing.
    """

    def __init__(self, kind: Modality, folder: Path, work: Path) -> None:
        self.kind, self.folder, self._work = kind, folder, work
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

    @property
    def elsewhere(self) -> set[str]:
        """The digests that rows which are not to be trained with hold, too."""
        return set(self.table[DIGEST][self.table[ELSEWHERE]])

    def trainable(self) -> Trainable:
        """A new encoder, the same one each time."""
        torch.manual_seed(0)
        train = self.table[DIGEST][self.table[SPLIT] == TRAIN].unique()
        values = (value for _, value in self.values(train))
        return self.kind.to_train(values, self._work)

    @cached_property
    def rows(self) -> Rows:
        """All rows of the table; their one input names places among the digests."""
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
    def folds_of_rows(self) -> Tensor:
        """The fold of every training row; -1 of others ``[rows]``."""
        places = self.is_training.nonzero()[:, 0]
        train = self.rows.select(places)
        of_targets = [one.strata(train.labels[name].numpy()) for name, one in self.targets.items()]
        found = torch.full((len(self.table),), -1)
        found[places] = fold_of_rows(train, max(of_targets, key=lambda strata: len(np.unique(strata))))
        return found

    @cached_property
    def folds(self) -> Tensor:
        """The fold of the first training row that holds a digest; -1 of others ``[digests]``."""
        first = self.table[DIGEST][self.table[SPLIT] == TRAIN].drop_duplicates()
        found = torch.full((len(self.digests),), -1)
        found[[self.place[digest] for digest in first]] = self.folds_of_rows[first.index.to_numpy()]
        return found

    def to_train_without(self, fold: int) -> Tensor:
        """Whether a row is one to train with that neither is of a fold nor holds a value of it ``[rows]``."""
        of_fold = (self.folds_of_rows == fold) | (self.folds == fold)[self.rows.items[INPUT]]
        return self.known & self.is_training & ~of_fold
