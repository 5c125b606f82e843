"""Folds of the rows for cross-validation, where the validation rows alone are too few."""

import warnings
from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from sensorium.targets import Learnt
from sensorium.training.data import Rows

FOLDS = 5
FEW_ROWS = 100  # validation rows with any label, below which their loss is too uncertain to choose by


def divisions(train: Rows, validation: Rows, targets: Mapping[str, Learnt]) -> list[tuple[Rows, Rows]]:
    """Rows to fit to and rows to judge by: those given or, where few would judge, every fold of both together."""
    if max(int(one.known(validation.labels[name]).sum()) for name, one in targets.items()) >= FEW_ROWS:
        return [(train, validation)]
    rows = train.joined(validation)
    strata = [one.strata(rows.labels[name].numpy()) for name, one in targets.items()]
    folds = fold_of_rows(rows, max(strata, key=lambda of_target: len(np.unique(of_target))))
    return [
        (rows.select((folds != fold).nonzero()[:, 0]), rows.select((folds == fold).nonzero()[:, 0]))
        for fold in folds.unique()
    ]


def fold_of_rows(rows: Rows, strata: np.ndarray) -> Tensor:
    """A fold from 0 for every row: whole groups together, strata ``[rows]`` spread as evenly as they can be.

    Rows of a single group are divided all the same: there is no other way to judge what is fitted to them.
    """
    from sklearn.model_selection import StratifiedGroupKFold

    groups = np.arange(len(rows)) if rows.groups is None else rows.groups.numpy()
    if len(np.unique(groups)) == 1:
        groups = np.arange(len(rows))
    folds = min(FOLDS, len(np.unique(groups)))
    if np.unique(strata, return_counts=True)[1].max() < folds:
        strata = np.zeros_like(strata)  # there is nothing to spread
    found = torch.zeros(len(rows), dtype=torch.long)
    if folds > 1:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a stratum of fewer rows than folds is spread as far as it goes
            divided = StratifiedGroupKFold(folds, shuffle=True, random_state=0).split(strata, strata, groups)
            for fold, (_, held_out) in enumerate(divided):
                found[torch.from_numpy(held_out)] = fold
    return found
