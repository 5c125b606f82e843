"""A network that is fitted along few axes of wide features, and is afterwards the same network of all their numbers.

Some hundred pictures lie in a space of some hundred axes, however many numbers describe each, and what a network learns
lies in the same space. Features are standardised and turned into it once, so that a step costs what the axes cost.
"""

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import cast

import torch
from torch import Tensor, nn

from sensorium.models.masks import tokens_of
from sensorium.models.network import Network, Projection
from sensorium.training.data import Rows
from sensorium.training.noise import TurnedDropout, with_quick_dropout

KEPT = 0.999  # of the variance lies along the axes
FEW = 0.5  # of the numbers: with more axes nothing is gained


def axes_of(features: Tensor) -> Tensor | None:
    """Orthonormal axes ``[numbers, axes]`` of standardised features ``[items, numbers]``, where few are enough."""
    rows, numbers = features.shape
    if not rows:
        return None
    if rows < numbers:  # the axes are then combinations of the items
        strengths, mixtures = torch.linalg.eigh(features @ features.T)
        axes = features.T @ mixtures / strengths.clamp(min=strengths[-1] * 1e-9).sqrt()
    else:
        strengths, axes = torch.linalg.eigh(features.T @ features)
    strongest = strengths.flip(0).clamp(min=0).cumsum(0)
    enough = int((strongest < KEPT * strongest[-1]).sum()) + 1
    return axes.flip(1)[:, :enough].contiguous() if enough <= FEW * numbers else None


@dataclass(frozen=True)
class Narrowed:
    """A network whose features are standardised and turned beforehand.

    Attributes:
        network: to be fitted, instead of the whole one.
        whole: which reads features as they are.
        axes: of every input that is turned, else none.
    """

    network: Network
    whole: Network
    axes: Sequence[Tensor | None]

    def read(self, rows: Rows) -> Rows:
        """The rows with features as the network reads them, of the items that these rows have."""
        features, items = {}, {}
        for projection, axes, (name, own) in zip(self.whole.projections, self.axes, rows.items.items(), strict=True):
            used, places = own.clamp(min=0).unique(return_inverse=True)
            standard = cast(Projection, projection).standardise(rows.features[name][used])
            features[name] = standard if axes is None else standard @ axes
            items[name] = torch.where(own < 0, -1, places)
        return replace(rows, features=features, items=items)

    @torch.no_grad()
    def widened(self) -> Network:
        """The whole network, with what was learnt."""
        fitted = copy.deepcopy(self.network).cpu()
        for projection, narrow_map, axes in zip(self.whole.projections, fitted.projections, self.axes, strict=True):
            linear = cast(nn.Linear, cast(nn.Sequential, narrow_map)[1])
            if axes is not None:
                linear.weight = nn.Parameter(linear.weight @ axes.T)
            cast(Projection, projection).map.load_state_dict(narrow_map.state_dict())
        self.whole.fusion.load_state_dict(fitted.fusion.state_dict())
        self.whole.heads.load_state_dict(fitted.heads.state_dict())
        return self.whole


@torch.no_grad()
def narrow(network: Network, train: Rows) -> Narrowed:
    """The same network of turned features.

    Args:
        network: standardised by the training rows.
        train: whose features tell the axes.
    """
    found, turned = copy.deepcopy(network), _axes_of_rows(train)
    for place, axes in enumerate(turned):
        projection = cast(Projection, found.projections[place])
        dropout, first, *others = cast(nn.Sequential, projection.map)
        linear = cast(nn.Linear, first)
        if axes is not None:
            dropout = TurnedDropout(cast(nn.Dropout, dropout).p, len(axes))
            linear.weight, linear.in_features = nn.Parameter(linear.weight @ axes), axes.shape[1]
        found.projections[place] = nn.Sequential(dropout, linear, *others)
    with_quick_dropout(found)
    return Narrowed(found, network, turned)


@lru_cache(maxsize=8)  # as many as a search divides its rows into, and more
def _axes_of_rows(train: Rows) -> list[Tensor | None]:
    found = []
    for name, items in train.items.items():
        features, projection = train.features[name], Projection(train.dims[name], nn.Identity())
        if (items >= 0).any():
            projection.fit(features[items[items >= 0]])
        found.append(axes_of(tokens_of(projection.standardise(features[items[items >= 0].unique()]))))
    return found
