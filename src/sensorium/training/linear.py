"""Solves for the linear fusion: for every subset of inputs the regression that does best on held-out rows."""

from collections.abc import Sequence
from typing import cast

from torch import Tensor, nn

from sensorium.models.fusion.linear import LinearFusion
from sensorium.models.fusion.patterns import MOST_INPUTS, patterns
from sensorium.models.network import Network, Projection
from sensorium.targets import Learnt
from sensorium.training.cross_validation import Axes, Fit, of_target
from sensorium.training.data import Rows
from sensorium.training.solution import Parts


def fill(network: Network, parts: Parts, train: Rows) -> None:
    """Gives every pattern of inputs the regression of each target.

    A pattern's regression may leave out inputs that only harm. Which it reads and how strongly its weights are
    penalised is what has the least log loss on rows that it was not fitted to.
    """
    axes = {
        name: Axes.through(cast(Projection, one), train.features[name][train.items[name].clamp(min=0).unique()])
        for name, one in zip(network.config.inputs, network.projections, strict=True)
    }
    bases = [one.basis for one in axes.values()]
    for name, target in network.targets.items():
        if target.known(train.labels[name]).any():
            for pattern, (fit, strength) in enumerate(_best(name, target, axes, train)):
                _write(network, pattern, parts[name], fit, strength, bases)


def _best(name: str, target: Learnt, axes: dict[str, Axes], train: Rows) -> list[tuple[Fit, int]]:
    """For every pattern, that of other rows the last, the best fit and its strength."""
    validated = of_target(name, target, axes, train)
    listed = patterns(len(axes))
    fits = [validated.fit(places) for places in listed]
    found = []
    for pattern in listed:
        rows = validated.rows_with(pattern)
        able = [fit for fit in fits if set(fit.places) <= set(pattern)]
        chosen = min(able, key=lambda fit: fit.best(rows)[0])
        found.append((chosen, chosen.best(rows)[1]))
    if len(axes) <= MOST_INPUTS:
        return [*found, found[-1]]  # other rows have no input, and of a regression the biases alone
    others = validated.with_each_alone()
    fit = others.fit(range(len(axes)))
    return [*found, (fit, fit.best(others.rows_with(range(len(axes))))[1])]


def _write(network: Network, pattern: int, part: slice, fit: Fit, strength: int, bases: Sequence[Tensor]) -> None:
    """Gives a pattern a target's regression; ``part`` of the width is the target's."""
    fusion, found = cast(LinearFusion, network.fusion), fit.regressions.select(strength)
    fusion.biases[pattern, part] = found.biases
    for place, weights in zip(fit.places, found.weights, strict=True):
        token_map = cast(nn.Linear, cast(Projection, network.projections[place]).map)
        parts = token_map.weight.unflatten(0, (-1, fusion.biases.shape[1]))
        if pattern in fusion.holding[place]:
            parts[fusion.holding[place].index(pattern), part] = (bases[place] @ weights).T
