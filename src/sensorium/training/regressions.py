"""Many regularised regressions fitted at once: on the same rows, with several penalties, or with some rows left out."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from sensorium.targets import Learnt

BIAS_PENALTY = 1.0  # so that a class of which all rows are left out does not become impossible
ITERATIONS = (15, 40)  # at least and at most
MULTIPLICATIONS = 1e11  # that may be spent beyond the least iterations
CHANGE = 1e-3  # of the loss of all problems together, that is not worth another iteration
HISTORY = 10  # gradients that tell the curvature
CURVATURE = 0.1  # of a row's loss along one class, in which problems are put on one scale


@dataclass(frozen=True)
class Side:
    """One input of some rows.

    Attributes:
        values: of its items ``[items, numbers]``.
        items: the item of each row; any where the row lacks the input.
        present: 1 for each row that has the input, else 0.
    """

    values: Tensor
    items: Tensor
    present: Tensor

    def times(self, weights: Tensor) -> Tensor:
        """Products ``[rows, problems, outputs]`` with weights ``[numbers, problems, outputs]``; zeros where missing."""
        of_items = self.values @ weights.flatten(1)
        return (of_items[self.items] * self.present[:, None]).unflatten(1, weights.shape[1:])


@dataclass(frozen=True)
class Regressions:
    """Solved problems: weights ``[numbers, problems, outputs]`` of every side, and biases ``[problems, outputs]``."""

    weights: list[Tensor]
    biases: Tensor

    def select(self, problems: slice | int) -> "Regressions":
        """Some of the problems; of one, without that axis."""
        return Regressions([one[:, problems] for one in self.weights], self.biases[problems])

    def losses(self, sides: Sequence[Side], target: Learnt, labels: Tensor) -> Tensor:
        """The target's loss ``[rows, problems]`` of each row."""
        outputs = self.biases + torch.stack([s.times(w) for s, w in zip(sides, self.weights, strict=True)]).sum(0)
        return target.losses(outputs, labels)


def regress(sides: Sequence[Side], target: Learnt, labels: Tensor, counts: Tensor, penalties: Tensor) -> Regressions:
    """Linear regressions with the loss of a target, such as logistic ones, by L-BFGS over all problems together.

    Args:
        sides: inputs that the regressions read side by side.
        target: what is learnt.
        labels: what is true of each row.
        counts: how much each row counts in each problem ``[rows, problems]``.
        penalties: of half the squared weights, for each problem.
    """
    problems, outputs = len(penalties), target.outputs
    scales = (penalties + CURVATURE * counts.sum(0)).rsqrt()
    weights = [torch.zeros(side.values.shape[1], problems, outputs, requires_grad=True) for side in sides]
    biases = torch.zeros(problems, outputs, requires_grad=True)

    def solution() -> Regressions:
        return Regressions([one * scales[:, None] for one in weights], biases * scales[:, None])

    def loss() -> Tensor:
        optimiser.zero_grad()
        found = solution()
        squares = torch.stack([(one**2).sum((0, 2)) for one in found.weights]).sum(0) * penalties
        squares = squares + BIAS_PENALTY * (found.biases**2).sum(1)
        of_rows = target.surprise * found.losses(sides, target, labels)  # penalties are of losses as they are
        value = (of_rows * counts).sum() + squares.sum() / 2
        value.backward()
        return value

    cost = 2 * problems * outputs * sum(side.values.numel() for side in sides)
    least, most = ITERATIONS
    iterations = int(min(most, max(least, MULTIPLICATIONS / cost)))
    optimiser = torch.optim.LBFGS(
        [*weights, biases],
        max_iter=iterations,
        tolerance_change=CHANGE,
        history_size=HISTORY,
        line_search_fn="strong_wolfe",
    )
    with torch.enable_grad():
        optimiser.step(loss)
    found = solution()
    return Regressions([one.detach() for one in found.weights], found.biases.detach())
