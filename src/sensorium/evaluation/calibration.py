"""Temperatures: what makes confidence honest, whichever inputs a row has."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from scipy.optimize import minimize
from scipy.special import log_softmax

from sensorium.evaluation.names import Subset, subsets
from sensorium.models.network import Network
from sensorium.training.data import Rows
from sensorium.training.forward import predict

SPREAD, SPREAD_OF_INPUT = 0.5, 0.25  # of logarithms of temperatures, before any row was seen
MOST_SUBSETS, MOST_NUMBERS = 64, 20_000_000  # of logits


@dataclass(frozen=True)
class CalibrationRows:
    """Rows with some of their inputs, and what the network answers.

    Attributes:
        logits: ``[rows, classes]``.
        absent: 1 where a row lacks an input ``[rows, inputs]``.
        labels: class numbers ``[rows]``; -1 where it is not known.
    """

    logits: np.ndarray
    absent: np.ndarray
    labels: np.ndarray


def calibrate(network: Network, validation: Rows, groups: np.ndarray) -> None:
    """Sets the temperatures of every target to what makes confidence honest with each subset of the inputs.

    Args:
        network: changed.
        validation: rows that it was not fitted to.
        groups: of them, a number ``[rows]``; rows of a group are not independent.
    """
    network.temperatures.fill_(1)
    network.absence.fill_(0)
    found = [_fit(network, validation, target, groups) for target in network.config.targets]
    network.temperatures = torch.tensor([np.exp(weights[0]) for weights in found], dtype=torch.float32)
    network.absence = torch.tensor(np.stack([weights[1:] for weights in found]), dtype=torch.float32)


def _fit(network: Network, rows: Rows, target: str, groups: np.ndarray) -> np.ndarray:
    known = (rows.labels[target] >= 0).numpy()
    asked = list(_ask(network, rows, target))
    fields = ("logits", "absent", "labels")
    together = CalibrationRows(*(np.concatenate([getattr(one, name) for one in asked]) for name in fields))
    alone = int((asked[0].labels >= 0).sum())  # rows as they are
    return fit_temperatures(together, min(1.0, len(np.unique(groups[known])) / max(alone, 1)))


def fit_temperatures(asked: CalibrationRows, weight: float) -> np.ndarray:
    """The logarithm of the temperature with all inputs, and what the absence of each adds to it ``[1 + inputs]``.

    They have the least log loss (Guo et al. 2017, arXiv:1706.04599). A temperature a subset would be fitted to few
    rows each, so subsets share one number an input; and where rows are few all of them stay near no change: each is
    as likely beforehand as a normal number of spread `SPREAD` (of `SPREAD_OF_INPUT` for what an input adds).

    Args:
        asked: rows with several subsets of their inputs.
        weight: of a row: below 1 where rows are not independent.
    """
    known = asked.labels >= 0
    logits, labels = asked.logits[known].astype(np.float64), asked.labels[known]
    design = np.concatenate([np.ones((known.sum(), 1)), asked.absent[known]], axis=1)
    spread = np.array([SPREAD, *[SPREAD_OF_INPUT] * asked.absent.shape[1]])
    rows = np.arange(len(labels))

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        scaled = logits / np.exp(design @ weights)[:, None]
        logs = log_softmax(scaled, axis=1)
        slopes = scaled[rows, labels] - (np.exp(logs) * scaled).sum(1)  # by the logarithm of each row's temperature
        unlikely = (weights**2 / (2 * spread**2)).sum()
        return weight * -logs[rows, labels].sum() + unlikely, weight * (design.T @ slopes) + weights / spread**2

    return minimize(loss, np.zeros(design.shape[1]), jac=True, method="L-BFGS-B").x


def _ask(network: Network, rows: Rows, target: str) -> Iterator[CalibrationRows]:
    """The rows with the inputs that they have, and with every subset of these that is not all."""
    names, everything = list(network.config.inputs), tuple(network.config.inputs)
    kept = _some([one for one in subsets(names) if one and one != everything])
    most = MOST_NUMBERS // ((len(kept) + 1) * len(network.config.targets[target]))
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
