"""Classes are learnt by cross-entropy, weighted or focal if so declared, and made honest by temperatures."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np

from sensorium.targets.class_.state import Classes
from sensorium.targets.judging import Figures
from sensorium.targets.learning import CalibrationRows, Learning

if TYPE_CHECKING:
    from torch import Tensor


class ClassLearning(Classes, Learning):
    """Logits of classes."""

    calibration_figures: ClassVar[tuple[str, ...]] = ("temperature",)

    @property
    def outputs(self) -> int:
        return len(self.classes)

    def strata(self, truth: np.ndarray) -> np.ndarray:
        return truth

    def loss(self, outputs: "Tensor", truth: "Tensor", smoothing: float = 0.0) -> "Tensor":
        from torch.nn.functional import cross_entropy

        if not self.balance and not self.focal:
            return cross_entropy(outputs, truth, label_smoothing=smoothing)
        surprise = cross_entropy(outputs, truth, label_smoothing=smoothing, reduction="none")
        return (surprise * self._counts(self._log_chances(outputs[:, None], truth)[:, 0], truth)).mean()

    def losses(self, outputs: "Tensor", truth: "Tensor") -> "Tensor":
        log_chances = self._log_chances(outputs, truth)
        if not self.balance and not self.focal:
            return -log_chances
        return -log_chances * self._counts(log_chances, truth)

    def _log_chances(self, outputs: "Tensor", truth: "Tensor") -> "Tensor":
        """The logarithm of the true class's probability ``[rows, networks]``."""
        return outputs.log_softmax(2).gather(2, truth[:, None, None].expand(-1, outputs.shape[1], 1))[..., 0]

    def _counts(self, log_chances: "Tensor", truth: "Tensor") -> "Tensor":
        """What each row's loss is multiplied by: the weight of its class, and what focal loss leaves of it.

        Focal loss (Lin et al. 2017, arXiv:1708.02002) is (1 - p)^gamma times the cross-entropy.
        """
        of_class = log_chances.new_tensor(self.class_weights)[truth]
        of_class = of_class.reshape(-1, *[1] * (log_chances.dim() - 1))
        if not self.focal:
            return of_class
        missing = -log_chances.clamp(max=-1e-6).expm1()  # above 0, so that the slope of a power below 1 is finite
        return of_class * missing**self.focal

    def least_loss(self, outputs: "Tensor", truth: "Tensor") -> float:
        from torch import logspace, stack

        temperatures = logspace(-1, 1, 41).tolist()
        return stack([self.loss(outputs / temperature, truth) for temperature in temperatures]).min().item()

    def divergence(self, outputs: "Tensor", wanted: "Tensor") -> "Tensor":
        from torch.nn.functional import kl_div

        return kl_div(outputs.log_softmax(1), wanted.log_softmax(1), log_target=True, reduction="batchmean")

    def calibrated(self, rows: Sequence[CalibrationRows], weight: float) -> tuple[Self, np.ndarray]:
        """The same: temperatures are the network's own."""
        from sensorium.targets.class_.temperatures import of_classes
        from sensorium.targets.temperatures import fit_temperatures

        return self, fit_temperatures(rows, weight, self.known, partial(of_classes, shifts=self.shifts))

    @property
    def shifts(self) -> np.ndarray:
        """What is added to logits for honest probabilities ``[classes]``.

        Where rows count k times, a network takes their class to be k times as frequent (Saerens et al. 2002).
        """
        return -np.log(self.class_weights)

    def predict(self, outputs: np.ndarray) -> np.ndarray:
        if self.balance:
            outputs = outputs + self.shifts.astype(outputs.dtype)
        exponents = np.exp(outputs - outputs.max(axis=1, keepdims=True))
        return exponents / exponents.sum(axis=1, keepdims=True)

    def predict_from(self, outputs: "Tensor") -> np.ndarray:
        """By torch, which is quicker where subsets of the inputs are many."""
        if self.balance:
            outputs = outputs + outputs.new_tensor(self.shifts)
        return outputs.softmax(1).cpu().numpy()

    def uncalibrated(self, outputs: np.ndarray, divisors: np.ndarray) -> np.ndarray:
        return self.predict(outputs * divisors[:, None])

    def calibration(self, divisors: np.ndarray) -> Figures:
        return {"temperature": float(np.median(divisors))}
