"""How a configuration is rated in the search: the loss on rows that its network was not fitted to."""

from collections.abc import Sequence

import torch

from sensorium.models.network import NetworkConfig
from sensorium.training.data import Rows
from sensorium.training.fit import fit
from sensorium.training.forward import predict
from sensorium.training.loop import TrainConfig


def calibrated_loss(config: NetworkConfig, how: TrainConfig, divided: Sequence[tuple[Rows, Rows]]) -> float:
    """The joint loss of rows that a network was not fitted to, at the calibration that suits them best.

    Training ends with calibration: what a fusion is too sure or unsure of before must not decide.

    Args:
        config: of the network.
        how: how it is fitted.
        divided: rows to fit to and held-out rows; the latter of all divisions count together.
    """
    answers = [predict(fit(config, how, train, held_out).network, held_out) for train, held_out in divided]
    total, targets = 0.0, config.learnt
    for name, target in targets.items():
        labels = torch.cat([held_out.labels[name] for _, held_out in divided])
        if (known := target.known(labels)).any():
            total += target.weight * target.least_loss(torch.cat([one[name] for one in answers])[known], labels[known])
    return total / sum(target.weight for target in targets.values())
