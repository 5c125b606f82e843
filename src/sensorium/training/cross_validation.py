"""A target's regressions on sets of inputs, evaluated on rows that they were not fitted to."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from sensorium.models.masks import is_there, mean_token
from sensorium.models.network import Projection
from sensorium.targets import Learnt
from sensorium.training.data import Rows
from sensorium.training.folds import fold_of_rows
from sensorium.training.regressions import Regressions, Side, regress

STRENGTHS = (0.03, 0.1, 0.3, 1.0, 3.0)  # of the penalty, for every number that is read
FEW_ROWS = 1_000  # up to which every row judges in cross-validation; of more, a fifth does
MOST_ROWS = 5_000  # to fit to: beyond, what is gained is not worth the minutes


@dataclass(frozen=True)
class Axes:
    """What an input's features are read along: standardised, and in no more numbers than there are items.

    The squared penalty does not change with the axes, so that nothing is lost.

    Attributes:
        projection: what standardises.
        basis: orthonormal axes ``[dim, numbers]``.
    """

    projection: Projection
    basis: Tensor

    @classmethod
    def through(cls, projection: Projection, features: Tensor) -> "Axes":
        """Axes that hold these features ``[items, tokens, dim]``."""
        flat = mean_tokens(projection, features)
        fewer = len(flat) < flat.shape[1]
        return cls(projection, torch.linalg.qr(flat.T).Q if fewer else torch.eye(flat.shape[1]))

    def values(self, features: Tensor) -> Tensor:
        """The mean token of each item ``[items, numbers]``."""
        return mean_tokens(self.projection, features) @ self.basis


def mean_tokens(projection: Projection, features: Tensor) -> Tensor:
    """The mean ``[items, dim]`` of each item's standardised tokens."""
    here = is_there(features)
    return mean_token(projection.standardise(features).masked_fill(~here[..., None], 0), here.float())


@dataclass(frozen=True)
class Labelled:
    """Rows whose label is known, as regressions read them.

    Attributes:
        sides: the inputs.
        labels: what is true of each row.
        folds: of each row the fold that is fitted without it; -1 where none is.
    """

    sides: list[Side]
    labels: Tensor
    folds: Tensor

    @property
    def present(self) -> Tensor:
        """Whether a row has an input ``[rows, inputs]``."""
        return torch.stack([side.present for side in self.sides], dim=1) > 0

    def with_each_alone(self) -> "Labelled":
        """These rows, and behind them once more for each input, with it alone."""
        times = 1 + len(self.sides)
        alone = torch.cat([torch.ones(1, len(self.sides)), torch.eye(len(self.sides))])
        sides = [
            replace(side, items=side.items.repeat(times), present=torch.outer(alone[:, place], side.present).flatten())
            for place, side in enumerate(self.sides)
        ]
        return Labelled(sides, torch.cat([self.labels] * times), self.folds.repeat(times))


@dataclass(frozen=True)
class Fit:
    """Regressions on a set of inputs, by their ``places``, one a strength, and their losses ``[rows, strengths]``."""

    places: Sequence[int]
    regressions: Regressions
    losses: Tensor

    def best(self, rows: Tensor) -> tuple[float, int]:
        """The least mean loss on some of the rows, and the strength that has it; of no rows the greatest of all."""
        if not len(self.losses[rows]):
            return math.inf, self.losses.shape[1] - 1
        mean = self.losses[rows].mean(0)
        return float(mean.min()), int(mean.argmin())


@dataclass(frozen=True)
class CrossValidation:
    """What regressions are fitted to, and what those are evaluated on that were fitted without it.

    Attributes:
        target: what is learnt.
        sizes: how many features every input has, which is what penalties are given for.
        fitted: rows to fit to.
        held_out: rows to evaluate on.
        strengths: of the penalty, for every feature.
    """

    target: Learnt
    sizes: Sequence[float]
    fitted: Labelled
    held_out: Labelled
    strengths: Sequence[float] = STRENGTHS

    def fit(self, places: Sequence[int]) -> Fit:
        """Fits regressions on these inputs to the rows that have any of them, and evaluates them."""
        folds = torch.arange(int(self.fitted.folds.max()) + 2)  # the last is fitted to all rows
        counts = self.fitted.present[:, list(places)].any(1)[:, None] & (self.fitted.folds[:, None] != folds)
        penalties = torch.tensor(self.strengths) * sum(self.sizes[place] for place in places)
        every = regress(
            [self.fitted.sides[place] for place in places],
            self.target,
            self.fitted.labels,
            counts.float().repeat(1, len(penalties)),
            penalties.repeat_interleave(len(folds)),
        )
        losses = every.losses([self.held_out.sides[place] for place in places], self.target, self.held_out.labels)
        own = self.held_out.folds[:, None, None].expand(-1, len(penalties), 1)
        kept = losses.unflatten(1, (len(penalties), len(folds))).gather(2, own)[..., 0]
        return Fit(places, every.select(slice(len(folds) - 1, None, len(folds))), kept)

    def rows_with(self, places: Sequence[int]) -> Tensor:
        """Which rows this pattern is evaluated on: those that have all its inputs or, where none does, any."""
        having = self.held_out.present[:, list(places)]
        return having.all(1) if having.all(1).any() else having.any(1)

    def with_each_alone(self) -> "CrossValidation":
        """The same with rows that have one input only."""
        return replace(self, fitted=self.fitted.with_each_alone(), held_out=self.held_out.with_each_alone())


def of_target(name: str, target: Learnt, axes: Mapping[str, Axes], train: Rows) -> CrossValidation:
    """Cross-validation of the rows whose label is known."""
    known, folds = divided(name, target, train)
    kept = (folds >= 0).nonzero()[:, 0]
    sizes = [one.basis.shape[0] for one in axes.values()]
    fitted, held_out = _labelled(known, name, axes, folds), _labelled(known.select(kept), name, axes, folds[kept])
    return CrossValidation(target, sizes, fitted, held_out)


def divided(name: str, target: Learnt, train: Rows) -> tuple[Rows, Tensor]:
    """The rows whose label is known, and the fold of each; of many rows one fold judges, the others have none."""
    known = known_rows(train, name, target)
    folds = fold_of_rows(known, target.strata(known.labels[name].numpy()))
    return known, torch.where(folds == 0, 0, -1) if len(known) > FEW_ROWS else folds


def known_rows(rows: Rows, name: str, target: Learnt) -> Rows:
    """The rows whose label is known, at most some thousands of them, spread over all."""
    known = target.known(rows.labels[name]).nonzero()[:, 0]
    return rows.select(known[:: max(1, -(-len(known) // MOST_ROWS))])


def _labelled(rows: Rows, target: str, axes: Mapping[str, Axes], folds: Tensor) -> Labelled:
    sides = []
    for name, items in rows.items.items():
        used, place = items.clamp(min=0).unique(return_inverse=True)
        sides.append(Side(axes[name].values(rows.features[name][used]), place, (items >= 0).float()))
    return Labelled(sides, rows.labels[target], folds)
