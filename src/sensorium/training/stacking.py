"""A network and the linear one, as one: of each target the mean that is best on rows that neither was fitted to.

So no target is answered worse than linear regression answers it, whatever suits the others (stacking, Wolpert 1992).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import cast

import torch
from torch import Tensor, nn

from sensorium.models.fusion import fusion_class
from sensorium.models.fusion.beside import BesideFusion, BesideMap
from sensorium.models.network import Network, NetworkConfig, Projection
from sensorium.targets import Learnt
from sensorium.training.data import Rows
from sensorium.training.fit import fit
from sensorium.training.forward import predict
from sensorium.training.loop import Fitted, TrainConfig, Watch, least_loss, mean_loss, unwatched

LINEAR = "linear"
SHARES = tuple(step / 20 for step in range(21))  # of the network in the mean


@dataclass(frozen=True)
class Stacked:
    """What was fitted to the rows of each division, judged by its others.

    Attributes:
        fitted: one a division.
        judging: the rows that each was not fitted to.
        shares: of the network, beside the linear one, by target; empty where there is none beside.
        loss: the joint loss of all rows that judge.
    """

    fitted: Sequence[Fitted]
    judging: Sequence[Rows]
    shares: Mapping[str, float]
    loss: float

    @property
    def judged(self) -> list[tuple[Network, Rows]]:
        """The networks, each with rows that it was not fitted to."""
        return [(one.network, rows) for one, rows in zip(self.fitted, self.judging, strict=True)]

    def fitted_to(self, config: NetworkConfig, how: TrainConfig, train: Rows, validation: Rows) -> Fitted:
        """The one that is kept: of a single division its own, else one more with the same shares."""
        if len(self.fitted) == 1:
            return self.fitted[0]
        found = fit(config, how, train, validation)
        return (
            _stacked(found, linear(config, how, train, validation), self.shares, validation, how)
            if self.shares
            else found
        )


@dataclass(frozen=True)
class Divisions:
    """Rows to fit to and rows to judge by, some times over; the latter of all divisions count together.

    Attributes:
        splits: see `divisions` in training/folds.py.
    """

    splits: Sequence[tuple[Rows, Rows]]

    def fit(self, config: NetworkConfig, how: TrainConfig, watch: Watch = unwatched) -> Stacked:
        """Fits a network in every division, the first of which is watched, and judges them by their `least_loss`."""
        watching = [watch] + [unwatched] * (len(self.splits) - 1)
        fitted = [fit(config, how, *rows, each) for rows, each in zip(self.splits, watching, strict=True)]
        judging = [rows for _, rows in self.splits]
        by_network = self._outputs([one.network for one in fitted])
        count, is_linear = sum(map(len, judging)), fusion_class(config.kind).learns_by == "solution"
        stacked_targets = [name for name, one in config.learnt.items() if not is_linear and count <= one.most_judging]
        if not stacked_targets:
            return Stacked(fitted, judging, {}, self._loss(config.learnt, by_network, how))
        if not self._linear:
            self._linear.extend(linear(config, how, *rows) for rows in self.splits)
        by_linear = self._outputs(self._linear)
        shares = {
            name: self._best_share(name, target, by_network[name], by_linear[name]) if name in stacked_targets else 1.0
            for name, target in config.learnt.items()
        }
        mean = {name: share * by_network[name] + (1 - share) * by_linear[name] for name, share in shares.items()}
        both = zip(fitted, self._linear, judging, strict=True)
        stacked = [_stacked(one, other, shares, rows, how) for one, other, rows in both]
        return Stacked(stacked, judging, shares, self._loss(config.learnt, mean, how))

    @cached_property
    def _linear(self) -> list[Network]:
        """Solved once, whatever is fitted beside them."""
        return []

    def _outputs(self, networks: Sequence[Network]) -> dict[str, Tensor]:
        found = [predict(one, judging) for one, (_, judging) in zip(networks, self.splits, strict=True)]
        return {name: torch.cat([outputs[name] for outputs in found]) for name in found[0]}

    def _labels(self, name: str) -> Tensor:
        return torch.cat([judging.labels[name] for _, judging in self.splits])

    def _best_share(self, name: str, target: Learnt, by_network: Tensor, by_linear: Tensor) -> float:
        labels = self._labels(name)
        if not (known := target.known(labels)).any():
            return 0.0
        one, other, truth = by_network[known], by_linear[known], labels[known]
        return min(SHARES, key=lambda share: target.least_loss(share * one + (1 - share) * other, truth))

    def _loss(self, targets: Mapping[str, Learnt], outputs: Mapping[str, Tensor], how: TrainConfig) -> float:
        return least_loss(targets, outputs, {name: self._labels(name) for name in targets}, how.target_weights)


def linear(config: NetworkConfig, how: TrainConfig, train: Rows, judging: Rows) -> Network:
    """The linear network of the same inputs and targets."""
    return fit(replace(config, kind=LINEAR), how, train, judging).network


def _stacked(fitted: Fitted, beside: Network, shares: Mapping[str, float], judging: Rows, how: TrainConfig) -> Fitted:
    network = stack(fitted.network, beside, shares)
    return replace(fitted, network=network, best_loss=mean_loss(network, judging, how.target_weights))


@torch.no_grad()
def stack(network: Network, beside: Network, shares: Mapping[str, float]) -> Network:
    """One network that gives of each target's outputs the mean of what two give.

    Args:
        network: of any kind.
        beside: the linear one, fitted to the same rows.
        shares: of the first, by target; of all or nothing of every target, the other is left out.
    """
    if len(alone := set(shares.values())) == 1 and alone <= {0.0, 1.0}:
        return network if alone == {1.0} else beside
    of_linear = {name: 1 - share for name, share in shares.items()}
    found = Network(replace(network.config, linear_width=beside.config.width, linear_shares=of_linear)).eval()
    for mine, one, other in zip(found.projections, network.projections, beside.projections, strict=True):
        both = cast(BesideMap, mine.map)
        mine.load_state_dict(dict(one.named_buffers(recurse=False)), strict=False)
        both.deep.load_state_dict(cast(Projection, one).map.state_dict())
        both.wide.load_state_dict(cast(Projection, other).map.state_dict())
    fusion = cast(BesideFusion, found.fusion)
    fusion.deep.load_state_dict(network.fusion.state_dict())
    fusion.wide.load_state_dict(beside.fusion.state_dict())
    for share, *three in zip(
        [shares[name] for name in found.targets], found.heads, network.heads, beside.heads, strict=True
    ):
        head, first, second = (cast(nn.Linear, each) for each in three)
        head.weight.copy_(torch.cat([share * first.weight, (1 - share) * second.weight], dim=1))
        head.bias.copy_(share * first.bias + (1 - share) * second.bias)
    return found
