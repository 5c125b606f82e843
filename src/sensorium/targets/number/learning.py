"""A number is learnt on a scale without long tails, with the quantiles that its interval ends at."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np

from sensorium.targets.judging import Figures
from sensorium.targets.learning import CalibrationRows, Learning
from sensorium.targets.number.parts import PARTS
from sensorium.targets.number.state import COVERAGE, ENDS, Scaled

if TYPE_CHECKING:
    from torch import Tensor

STRAIGHT = 0.1  # on the standardised scale: where the loss of an interval's end is not straight


class NumberLearning(Scaled, Learning):
    """The number and the ends of its interval, standardised."""

    calibration_figures: ClassVar[tuple[str, ...]] = ("margin",)

    @property
    def outputs(self) -> int:
        return 3

    def strata(self, truth: np.ndarray) -> np.ndarray:
        """Fifths of the known numbers; -1 where none is known."""
        known = self.known(truth)
        if not known.any():
            return np.full(len(truth), -1)
        edges = np.unique(np.quantile(truth[known], np.linspace(0, 1, PARTS + 1)[1:-1]))
        return np.where(known, np.searchsorted(edges, truth), -1)

    def loss(self, outputs: "Tensor", truth: "Tensor", smoothing: float = 0.0) -> "Tensor":
        return self.losses(outputs[:, None], truth).mean()

    def losses(self, outputs: "Tensor", truth: "Tensor") -> "Tensor":
        """The squared error of the number, and what misses the quantiles that its interval ends at."""
        from torch import from_numpy
        from torch.nn.functional import softplus

        standard = self.scale.standardised(truth.cpu().numpy())
        wanted = from_numpy(standard).to(outputs)[:, None]
        found = (outputs[..., 0] - wanted) ** 2
        for place, share in zip((1, 2), ENDS, strict=True):
            miss = wanted - outputs[..., place]
            found = found + share * miss + STRAIGHT * softplus(-miss / STRAIGHT)
        return found

    def divergence(self, outputs: "Tensor", wanted: "Tensor") -> "Tensor":
        return ((outputs - wanted) ** 2).mean()

    def calibrated(self, rows: Sequence[CalibrationRows], weight: float) -> tuple[Self, np.ndarray]:
        """The margin with which intervals hold the truth of as many rows as they are to, if rows are as these are.

        What holds the truth of these rows holds that of fewer others: by how much, depends on how many are independent.
        """
        whole, nothing = rows[0], np.zeros(1 + rows[0].absent.shape[1])
        known = self.known(whole.truth)
        if not known.any():
            return replace(self, margin=0.0), nothing
        wanted = self.scale.standardised(whole.truth[known])
        _, low, high = _in_order(whole.outputs[known].astype(float))
        count = max(1.0, weight * len(wanted))
        held = min(1.0, np.ceil((count + 1) * COVERAGE) / count)
        margin = np.quantile(np.maximum(low - wanted, wanted - high), held, method="higher")
        return replace(self, margin=float(margin)), nothing

    def predict(self, outputs: np.ndarray) -> np.ndarray:
        number, low, high = _in_order(outputs.astype(float))
        ends = np.minimum(low - self.margin, number), np.maximum(high + self.margin, number)
        return np.stack([self.scale.back(one) for one in (number, *ends)], axis=1)

    def uncalibrated(self, outputs: np.ndarray, divisors: np.ndarray) -> np.ndarray:
        return replace(self, margin=0.0).predict(outputs)

    def calibration(self, divisors: np.ndarray) -> Figures:
        """The margin, as a share of the deviation of training rows."""
        return {"margin": self.margin}


def _in_order(outputs: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The number, the lower and the upper end ``[rows]``, which a network may have taken for each other."""
    return outputs[:, 0], outputs[:, 1:].min(1), outputs[:, 1:].max(1)
