"""What simpler methods reach on the same features."""

from collections.abc import Sequence

import numpy as np
import torch

from sensorium.targets import Features, Learnt
from sensorium.training.data import Rows

MOST_ROWS = 5_000  # to fit to: beyond, what is gained is not worth the minutes


def baselines(
    name: str, target: Learnt, inputs: Sequence[str], train: Rows, val: Rows, test: Rows
) -> dict[str, np.ndarray]:
    """What the simplest methods predict of test rows ``[rows, columns]`` each.

    They read the features of the inputs side by side, missing ones as zeros.
    """
    truth = train.labels[name].numpy()
    fitted, held_out = (_known(rows, inputs, name, target) for rows in (train, val))
    return target.simplest(Features(fitted, held_out, _flat(test, inputs, torch.arange(len(test))), truth))


def _known(rows: Rows, inputs: Sequence[str], name: str, target: Learnt) -> tuple[np.ndarray, np.ndarray]:
    """Features and truth of the rows of which it is known, at most some thousands of them, spread over all."""
    known = target.known(rows.labels[name]).nonzero()[:, 0]
    kept = known[:: max(1, -(-len(known) // MOST_ROWS))]
    return _flat(rows, inputs, kept), rows.labels[name][kept].numpy()


def _flat(rows: Rows, inputs: Sequence[str], chosen: torch.Tensor) -> np.ndarray:
    """Features ``[rows, dims]`` of some inputs side by side."""
    features, _, _ = rows.batch(chosen)
    return np.concatenate([features[name].flatten(1).numpy() for name in inputs], axis=1)
