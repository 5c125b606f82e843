"""Calibrates a network's probabilities and intervals on validation rows, with whichever inputs they have."""

from collections.abc import Iterator

import numpy as np
import torch

from sensorium.evaluation.names import Subset, subsets
from sensorium.models.network import Network
from sensorium.targets import CalibrationRows, Learnt
from sensorium.training.data import Rows
from sensorium.training.forward import predict

MOST_SUBSETS, MOST_NUMBERS = 64, 20_000_000  # of outputs


def calibrate(network: Network, validation: Rows, groups: np.ndarray) -> None:
    """Makes a network honest about how sure it is, of every target and with each subset of the inputs.

    Args:
        network: changed.
        validation: rows that it was not fitted to.
        groups: of them, a number ``[rows]``; rows of a group are not independent.
    """
    network.temperatures.fill_(1)
    network.absence.fill_(0)
    found = {name: _calibrated(network, validation, name, groups) for name in network.targets}
    weights = np.stack([divisors for _, divisors in found.values()])
    network.temperatures = torch.tensor(np.exp(weights[:, 0]), dtype=torch.float32)
    network.absence = torch.tensor(weights[:, 1:], dtype=torch.float32)
    network.learn({name: learnt for name, (learnt, _) in found.items()})


def _calibrated(network: Network, rows: Rows, target: str, groups: np.ndarray) -> tuple[Learnt, np.ndarray]:
    learnt, rows_of_subsets = network.targets[target], list(_calibration_rows(network, rows, target))
    known, alone = (learnt.known(truth) for truth in (rows.labels[target].numpy(), rows_of_subsets[0].truth))
    return learnt.calibrated(rows_of_subsets, min(1.0, len(np.unique(groups[known])) / max(int(alone.sum()), 1)))


def _calibration_rows(network: Network, rows: Rows, target: str) -> Iterator[CalibrationRows]:
    """The rows with the inputs that they have, and with every subset of these that is not all."""
    names, everything = list(network.config.inputs), tuple(network.config.inputs)
    kept = _some([one for one in subsets(names) if one and one != everything])
    most = MOST_NUMBERS // ((len(kept) + 1) * network.targets[target].outputs)
    chosen = rows.select(torch.arange(0, len(rows), -(-len(rows) // max(1, most))))
    has = np.stack([(chosen.items[name] >= 0).numpy() for name in names], axis=1)
    for subset in [everything, *kept]:
        wanted = np.array([name in subset for name in names])
        usable = has.any(axis=1) if subset == everything else has[:, wanted].all(axis=1)
        some = chosen.select(torch.from_numpy(np.flatnonzero(usable))).without(set(names) - set(subset))
        if len(some):
            absent = 1.0 - (has[usable] & wanted)
            yield CalibrationRows(predict(network, some)[target].numpy(), absent, some.labels[target].numpy())


def _some(kept: list[Subset]) -> list[Subset]:
    """At most so many of them, spread over all."""
    places = np.linspace(0, len(kept) - 1, min(len(kept), MOST_SUBSETS)).astype(int)
    return [kept[place] for place in places]
