"""The loss of several targets together."""

from collections.abc import Collection, Mapping

import torch
from torch import Tensor

from sensorium.targets import Learnt
from sensorium.training.target_weights import WEIGHTINGS


def joint_loss(
    targets: Mapping[str, Learnt],
    outputs: Mapping[str, Tensor],
    labels: Mapping[str, Tensor],
    smoothing: float = 0.0,
    target_weights: str = "given",
    complete: Collection[str] = (),
) -> Tensor:
    """Mean over targets, weighted in one of the `WEIGHTINGS`, of the loss over the rows whose label is known.

    Of the targets that are ``complete``, which has been found beforehand, every row's is: it is not asked for again.
    """
    losses, weights = [], []
    for name, target in targets.items():
        if name in complete:
            losses.append(target.loss(outputs[name], labels[name], smoothing))
            weights.append(target.weight)
        elif (known := target.known(labels[name])).any():
            losses.append(target.loss(outputs[name][known], labels[name][known], smoothing))
            weights.append(target.weight)
    return WEIGHTINGS[target_weights](losses, weights) if losses else next(iter(outputs.values())).sum() * 0


def least_loss(
    targets: Mapping[str, Learnt], outputs: Mapping[str, Tensor], labels: Mapping[str, Tensor], target_weights: str
) -> float:
    """`joint_loss` at the calibration that suits the outputs best.

    Training ends with calibration: what outputs are too sure or unsure of before it says nothing of them after it.
    """
    losses, weights = [], []
    for name, target in targets.items():
        if (known := target.known(labels[name])).any():
            losses.append(
                torch.tensor(target.least_loss(outputs[name][known], labels[name][known]), dtype=torch.float64)
            )
            weights.append(target.weight)
    return WEIGHTINGS[target_weights](losses, weights).item() if losses else 0.0
