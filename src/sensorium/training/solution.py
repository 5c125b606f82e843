"""Fits networks that are solved for rather than descended to."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import cast

import torch
from torch import nn

from sensorium.models.network import Network, NetworkConfig
from sensorium.training.data import Rows
from sensorium.training.denormals import flushed_denormals
from sensorium.training.loop import Fitted, TrainConfig, Watch, mean_loss, standardise, unwatched

Parts = Mapping[str, slice]  # by target, of the fused vector
Fill = Callable[[Network, Parts, Rows], None]  # gives a network, whose weights are zero, what rows tell


def solution(fill: Fill) -> Callable[[NetworkConfig, TrainConfig, Rows, Rows, Watch], Fitted]:
    """What fits networks of a kind; the same rows give the same.

    A part of the fused vector is each target's outputs, which its head gives as they are.

    Args:
        fill: solves for the weights of the fusion and the projections.
    """

    @flushed_denormals()
    @torch.no_grad()
    def solve(
        config: NetworkConfig, how: TrainConfig, train: Rows, validation: Rows, watch: Watch = unwatched
    ) -> Fitted:
        """Solves for the network.

        Args:
            config: of the network.
            how: tells what the loss is that is given back; nothing is left to set.
            train: rows to fit to.
            validation: what the loss is of, and nothing else, so that it is one of rows that chose nothing.
            watch: not used; a solution has no epochs.
        """
        network = blank(config)
        standardise(network, train)
        for weights in network.parameters():
            weights.zero_()
        parts = _parts(network)
        for part, head in zip(parts.values(), network.heads, strict=True):
            cast(nn.Linear, head).weight[:, part] = torch.eye(part.stop - part.start)
        fill(network, parts, train)
        return judged(network, how, train, validation)

    return solve


def blank(config: NetworkConfig) -> Network:
    """A network of a kind that is solved, before it is; its width becomes what the heads need."""
    width = 4 * -(-sum(one.outputs for one in config.learnt.values()) // 4)
    return Network(replace(config, width=width, layers=1, dropout=0.0)).eval()


def judged(network: Network, how: TrainConfig, train: Rows, validation: Rows) -> Fitted:
    """What is said of a solved network: its losses, with the weights of targets that ``how`` has."""
    losses = {
        name: mean_loss(network, rows, how.target_weights)
        for name, rows in (("train", train), ("validation", validation))
    }
    return Fitted(network, losses["validation"], [{"epoch": 1, **losses}])


def _parts(network: Network) -> dict[str, slice]:
    parts, first = {}, 0
    for name, target in network.targets.items():
        parts[name] = slice(first, first + target.outputs)
        first += target.outputs
    return parts
