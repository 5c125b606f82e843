"""Dividing rows further, where they are too few to hold some out once."""

import warnings

import numpy as np
import torch
from torch import Tensor

from sensorium.training.data import Rows

FOLDS = 5
FEW_ROWS = 100  # validation rows with any label, below which their loss is too uncertain to choose by


def divisions(train: Rows, validation: Rows) -> list[tuple[Rows, Rows]]:
    """Rows to fit to and rows to judge by: those given or, where few would judge, every fold of both together."""
    if max(int((labels >= 0).sum()) for labels in validation.labels.values()) >= FEW_ROWS:
        return [(train, validation)]
    rows = train.joined(validation)
    folds = fold_of_rows(rows, max(rows.labels, key=lambda target: len(rows.labels[target].unique())))
    return [
        (rows.select((folds != fold).nonzero()[:, 0]), rows.select((folds == fold).nonzero()[:, 0]))
        for fold in folds.unique()
    ]


def fold_of_rows(rows: Rows, target: str) -> Tensor:
    """A fold from 0 for every row: whole groups together, the target's classes spread as evenly as they can be.

    Rows of a single group are divided all the same: there is no other way to judge what is fitted to them.
    """
    from sklearn.model_selection import StratifiedGroupKFold

    groups = np.arange(len(rows)) if rows.groups is None else rows.groups.numpy()
    if len(np.unique(groups)) == 1:
        groups = np.arange(len(rows))
    classes = rows.labels[target].numpy()
    folds = min(FOLDS, len(np.unique(groups)))
    if np.unique(classes, return_counts=True)[1].max() < folds:
        classes = np.zeros_like(classes)  # there is nothing to spread
    found = torch.zeros(len(rows), dtype=torch.long)
    if folds > 1:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a class of fewer rows than folds is spread as far as it goes
            divided = StratifiedGroupKFold(folds, shuffle=True, random_state=0).split(classes, classes, groups)
            for fold, (_, held_out) in enumerate(divided):
                found[torch.from_numpy(held_out)] = fold
    return found
