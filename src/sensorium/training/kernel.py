"""Solves for the kernel fusion: for every pattern of inputs the regressions that do best on held-out rows."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import mean
from typing import cast

import torch
from torch import Tensor, nn

from sensorium.models.fusion.kernel import AXES, LANDMARKS, KernelFusion, likeness
from sensorium.models.fusion.patterns import MOST_INPUTS, patterns
from sensorium.models.network import Network, Projection
from sensorium.targets import Learnt
from sensorium.training.cross_validation import CrossValidation, Fit, Labelled, divided, mean_tokens
from sensorium.training.data import Rows
from sensorium.training.regressions import Side
from sensorium.training.solution import Parts

SCALES = (0.03, 0.1, 0.3)  # of squared distances, which are 2 between two rows on average
PENALTIES, FIRST = (0.003, 0.01, 0.03), (0.01,)  # of half the squared weights; and by which scales are judged
MOST_ITEMS, PIECE = 5_000, 1_000  # that axes are found by, and whose tokens are read at once
LEAST_DEVIATION = 1e-3  # of what is standardised; an input that varies less says nothing
ROUNDING = 1e-6  # of the largest eigenvalue
LEAST_WORTH = 0.01  # how much an input's distances count at least, beside those of one that tells all


@dataclass(frozen=True)
class Places:
    """Rows by where they lie along every input's axes.

    Attributes:
        places: ``[inputs, rows, axes]``; zeros where a row lacks the input.
        present: whether it has it ``[inputs, rows]``.
    """

    places: Tensor
    present: Tensor

    @classmethod
    def of(cls, network: Network, rows: Rows) -> "Places":
        """Those of rows, along a network's axes."""
        places = []
        for projection, (name, items) in zip(network.projections, rows.items.items(), strict=True):
            one, (used, place) = cast(Projection, projection), items.clamp(min=0).unique(return_inverse=True)
            places.append(one.map(_means(one, rows.features[name], used))[place] * (items >= 0)[:, None])
        return cls(torch.stack(places), torch.stack([items >= 0 for items in rows.items.values()]))

    def having(self, inputs: Sequence[int]) -> Tensor:
        """The rows that have all of the inputs or, where none does, all rows."""
        found = self.present[list(inputs)].all(0).nonzero()[:, 0]
        return found if len(found) else torch.arange(self.present.shape[1])

    def select(self, rows: Tensor) -> "Places":
        """Some of the rows."""
        return Places(self.places[:, rows], self.present[:, rows])


@dataclass(frozen=True)
class Known:
    """The rows whose label is known: a target, what is true of each, its fold (-1 where none is), and its place."""

    target: Learnt
    labels: Tensor
    folds: Tensor
    places: Places

    def regressions(self, rows: Tensor, values: Tensor, penalties: Sequence[float]) -> Fit:
        """Those on values ``[rows, numbers]`` of some of the rows, one for every penalty."""
        labels, folds = self.labels[rows], self.folds[rows]
        judging = (folds >= 0).nonzero()[:, 0]
        every = torch.arange(len(rows))
        fitted = Labelled([Side(values, every, torch.ones(len(rows)))], labels, folds)
        held_out = Labelled([Side(values, judging, torch.ones(len(judging)))], labels[judging], folds[judging])
        return CrossValidation(self.target, [1.0], fitted, held_out, penalties).fit([0])


@dataclass(frozen=True)
class Solution:
    """A pattern's answer.

    Attributes:
        loss: on held-out rows, as a share of what the most likely answer for all has; the mean over targets.
        scales: of the distances of every input ``[inputs]``.
        landmarks: the numbers of those it compares with.
        heights: by target ``[landmarks, outputs]``.
        biases: by target ``[outputs]``.
    """

    loss: float
    scales: Tensor
    landmarks: Tensor
    heights: Mapping[str, Tensor]
    biases: Mapping[str, Tensor]


def fill(network: Network, parts: Parts, train: Rows) -> None:
    """Gives every pattern of inputs landmarks, scales and the regression of each target.

    An input's distances count as much as it tells alone. Their scale, and the penalty of the weights, are what has the
    least loss on rows that were not fitted to.
    """
    fusion, inputs = cast(KernelFusion, network.fusion), len(network.config.inputs)
    _turn(network, train)
    landmarks = Places.of(network, train.select(torch.arange(len(train))[:: -(-len(train) // LANDMARKS)]))
    for own, places in zip(fusion.landmarks, landmarks.places, strict=True):
        own.zero_()[:, : len(places)] = places.T
    known = {
        name: _known(network, name, target, train)
        for name, target in network.targets.items()
        if target.known(train.labels[name]).any()
    }
    worth = torch.ones(inputs)
    for pattern, chosen in enumerate(patterns(inputs)):
        solution = _best(known, landmarks, chosen, _only(worth, chosen))
        if len(chosen) == 1:
            worth[chosen[0]] = max(1 - solution.loss, LEAST_WORTH)
        _write(fusion, pattern, parts, solution)
    rest = _only(worth, range(inputs) if inputs > MOST_INPUTS else [])
    _write(fusion, len(fusion.patterns) - 1, parts, _best(known, landmarks, [], rest))


def _turn(network: Network, train: Rows) -> None:
    """Gives every input the leading principal axes of its features, scaled so that all inputs vary alike."""
    for projection, (name, items) in zip(network.projections, train.items.items(), strict=True):
        one = cast(Projection, projection)
        if not len(used := items[items >= 0].unique()):
            continue
        features = _means(one, train.features[name], used[:: -(-len(used) // MOST_ITEMS)])
        features = features - features.mean(0)
        axes = torch.linalg.eigh(features.T @ features).eigenvectors.flip(1)[:, :AXES]
        deviation = (features @ axes).square().sum(1).mean().sqrt()
        if deviation > LEAST_DEVIATION:
            cast(nn.Linear, one.map).weight[: axes.shape[1]] = axes.T / deviation


def _means(projection: Projection, features: Tensor, items: Tensor) -> Tensor:
    """The mean token of some items ``[items, dim]``, of a piece after another: tokens may be many."""
    return torch.cat([mean_tokens(projection, features[piece]) for piece in items.split(PIECE)])


def _known(network: Network, name: str, target: Learnt, train: Rows) -> Known:
    rows, folds = divided(name, target, train)
    return Known(target, rows.labels[name], folds, Places.of(network, rows))


def _only(worth: Tensor, inputs: Sequence[int]) -> Tensor:
    """How much each input's distances count where these are read: 1 for the one that tells most, 0 for the others."""
    weights = torch.zeros_like(worth)
    weights[list(inputs)] = worth[list(inputs)]
    return weights / weights.max().clamp(min=ROUNDING)


def _best(known: Mapping[str, Known], landmarks: Places, inputs: Sequence[int], weights: Tensor) -> Solution:
    """What has the least loss on rows that have these inputs; scales are judged with one penalty."""
    found = [_solution(known, landmarks, inputs, scale * weights, FIRST) for scale in SCALES]
    return _solution(known, landmarks, inputs, min(found, key=lambda one: one.loss).scales, PENALTIES)


def _solution(
    known: Mapping[str, Known], landmarks: Places, inputs: Sequence[int], scales: Tensor, penalties: Sequence[float]
) -> Solution:
    numbers = landmarks.having(inputs)
    compared = landmarks.select(numbers)
    basis = _basis(compared, scales)
    losses, heights, biases = [], {}, {}
    for name, one in known.items():
        rows = one.places.having(inputs)
        values = _alike(one.places.select(rows), compared, scales) @ basis
        fit, simplest = (one.regressions(rows, read, penalties) for read in (values, torch.zeros(len(rows), 1)))
        all_of_them = torch.arange(len(fit.losses))
        (loss, strength), (most, _) = fit.best(all_of_them), simplest.best(all_of_them)
        losses.append(loss / most if most and math.isfinite(loss) else 1.0)
        found = fit.regressions.select(strength)
        heights[name], biases[name] = basis @ found.weights[0], found.biases
    return Solution(mean(losses) if losses else 1.0, scales, numbers, heights, biases)


def _alike(rows: Places, landmarks: Places, scales: Tensor) -> Tensor:
    """How alike rows are to landmarks ``[rows, landmarks]``."""
    each = [scale.expand(rows.places.shape[1]) for scale in scales]
    return likeness(list(rows.places), [places.T for places in landmarks.places], each)


def _basis(landmarks: Places, scales: Tensor) -> Tensor:
    """What makes numbers of likenesses whose products are the likenesses of rows, as far as landmarks tell."""
    values, vectors = torch.linalg.eigh(_alike(landmarks, landmarks, scales).double())
    kept = values > ROUNDING * values.max()
    return (vectors[:, kept] / values[kept].sqrt()).float()


def _write(fusion: KernelFusion, pattern: int, parts: Parts, solution: Solution) -> None:
    """Gives a pattern its answer."""
    heights = fusion.heights.unflatten(1, (len(fusion.patterns), fusion.width))
    fusion.scales[pattern] = solution.scales
    for name, found in solution.heights.items():
        heights[solution.landmarks, pattern, parts[name]] = found
        fusion.biases[pattern, parts[name]] = solution.biases[name]
