"""A network and those that are solved, as one: of each target the mean that is best on rows none of them was fitted to.

So no target is answered worse than the best of them alone answers it, whatever suits the others (stacking, Wolpert
1992). How much each counts is found by adding one after another, the same one again where that is best (ensemble
selection, Caruana et al. 2004).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import cast

import torch
from torch import Tensor, nn

from sensorium.models.fusion import FUSIONS, fusion_class
from sensorium.models.fusion.beside import BesideFusion, BesideMap
from sensorium.models.network import Network, NetworkConfig, Projection
from sensorium.targets import Learnt
from sensorium.training.data import Rows
from sensorium.training.fit import fit
from sensorium.training.forward import predict
from sensorium.training.loop import Fitted, TrainConfig, Watch, mean_loss, unwatched
from sensorium.training.losses import least_loss
from sensorium.training.solved import solved

SOLVED = [kind for kind in FUSIONS if fusion_class(kind).learns_by != "descent"]
STEPS = 10  # in which members are added to a mean


@dataclass(frozen=True)
class Stacked:
    """What was fitted to the rows of each division, judged by its others.

    Attributes:
        fitted: one a division.
        judging: the rows that each was not fitted to.
        shares: by target and kind how much each counts; empty where there is none beside.
        loss: the joint loss of all rows that judge.
    """

    fitted: Sequence[Fitted]
    judging: Sequence[Rows]
    shares: Mapping[str, Mapping[str, float]]
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
        counting = [kind for kind in SOLVED if any(shares.get(kind) for shares in self.shares.values())]
        beside = [solved(replace(config, kind=kind), how, train, validation).network for kind in counting]
        return _stacked(found, beside, self.shares, validation, how) if self.shares else found


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
        judging = [rows for _, rows in self.splits]
        if config.kind in SOLVED:
            fitted = [solved(config, how, *rows) for rows in self.splits]
            alone = self._outputs([one.network for one in fitted])
            return Stacked(fitted, judging, {}, self._loss(config.learnt, alone, how))
        fitted = [fit(config, how, *rows, each) for rows, each in zip(self.splits, watching, strict=True)]
        outputs = {config.kind: self._outputs([one.network for one in fitted])}
        if not self._solved:
            self._solved.update(self._solve(config, how))
        outputs |= {kind: self._outputs(networks) for kind, networks in self._solved.items()}
        shares = {
            name: self._best_shares(name, target, {kind: every[name] for kind, every in outputs.items()})
            for name, target in config.learnt.items()
        }
        mean = {
            name: torch.stack([share * outputs[kind][name] for kind, share in of_target.items()]).sum(0)
            for name, of_target in shares.items()
        }
        stacked = [
            _stacked(one, [networks[place] for networks in self._solved.values()], shares, rows, how)
            for place, (one, rows) in enumerate(zip(fitted, judging, strict=True))
        ]
        return Stacked(stacked, judging, shares, self._loss(config.learnt, mean, how))

    @cached_property
    def _solved(self) -> dict[str, list[Network]]:
        """By kind those of every division: solved once, whatever is fitted beside them."""
        return {}

    def _solve(self, config: NetworkConfig, how: TrainConfig) -> Iterator[tuple[str, list[Network]]]:
        for kind in SOLVED:
            if fusion_class(kind).suits([*config.inputs.values()]):
                yield kind, [solved(replace(config, kind=kind), how, *rows).network for rows in self.splits]

    def _outputs(self, networks: Sequence[Network]) -> dict[str, Tensor]:
        found = [predict(one, judging) for one, (_, judging) in zip(networks, self.splits, strict=True)]
        return {name: torch.cat([outputs[name] for outputs in found]) for name in found[0]}

    def _labels(self, name: str) -> Tensor:
        return torch.cat([judging.labels[name] for _, judging in self.splits])

    def _best_shares(self, name: str, target: Learnt, outputs: Mapping[str, Tensor]) -> dict[str, float]:
        """How much each kind counts in the mean of all, from 0 to 1."""
        labels = self._labels(name)
        known = target.known(labels)
        counts = dict.fromkeys(outputs, 0)
        if not known.any():
            return {kind: 1 / len(outputs) for kind in outputs}
        truth, found = labels[known], {kind: one[known] for kind, one in outputs.items()}
        mean = torch.zeros_like(next(iter(found.values())))
        for count in range(STEPS):
            losses = {kind: target.least_loss((count * mean + one) / (count + 1), truth) for kind, one in found.items()}
            best = min(losses, key=lambda kind: losses[kind])
            mean = (count * mean + found[best]) / (count + 1)
            counts[best] += 1
        return {kind: count / STEPS for kind, count in counts.items()}

    def _loss(self, targets: Mapping[str, Learnt], outputs: Mapping[str, Tensor], how: TrainConfig) -> float:
        return least_loss(targets, outputs, {name: self._labels(name) for name in targets}, how.target_weights)


def _stacked(
    fitted: Fitted,
    beside: Sequence[Network],
    shares: Mapping[str, Mapping[str, float]],
    judging: Rows,
    how: TrainConfig,
) -> Fitted:
    network = stack([fitted.network, *beside], shares)
    return replace(fitted, network=network, best_loss=mean_loss(network, judging, how.target_weights))


@torch.no_grad()
def stack(networks: Sequence[Network], shares: Mapping[str, Mapping[str, float]]) -> Network:
    """One network that gives of each target's outputs the mean of what several give.

    Args:
        networks: each of another kind, fitted to the same rows.
        shares: by target and kind how much each counts; those that never count are left out.
    """
    members = [one for one in networks if any(of_target[one.config.kind] for of_target in shares.values())]
    first, *others = members
    if not others:
        return first
    kept = {
        name: {one.config.kind: of_target[one.config.kind] for one in members} for name, of_target in shares.items()
    }
    config = replace(first.config, beside={one.config.kind: one.config.width for one in others}, shares=kept)
    found = Network(config).eval()
    for place, mine in enumerate(found.projections):
        own = [cast(Projection, one.projections[place]) for one in members]
        mine.load_state_dict(dict(own[0].named_buffers(recurse=False)), strict=False)
        for part, projection in zip(cast(BesideMap, cast(Projection, mine).map).members, own, strict=True):
            part.load_state_dict(projection.map.state_dict())
    for part, one in zip(cast(BesideFusion, found.fusion).members, members, strict=True):
        part.load_state_dict(one.fusion.state_dict())
    for place, (name, head) in enumerate(zip(found.targets, found.heads, strict=True)):
        heads = [(kept[name][one.config.kind], cast(nn.Linear, one.heads[place])) for one in members]
        cast(nn.Linear, head).weight.copy_(torch.cat([share * one.weight for share, one in heads], dim=1))
        cast(nn.Linear, head).bias.copy_(torch.stack([share * one.bias for share, one in heads]).sum(0))
    return found
