"""Classes are learnt by cross-entropy, and made honest by temperatures."""

from collections.abc import Sequence
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

        return cross_entropy(outputs, truth, label_smoothing=smoothing)

    def losses(self, outputs: "Tensor", truth: "Tensor") -> "Tensor":
        return -outputs.log_softmax(2).gather(2, truth[:, None, None].expand(-1, outputs.shape[1], 1))[..., 0]

    def least_loss(self, outputs: "Tensor", truth: "Tensor") -> float:
        from torch import logspace

        return min(self.loss(outputs / temperature, truth).item() for temperature in logspace(-1, 1, 41).tolist())

    def divergence(self, outputs: "Tensor", wanted: "Tensor") -> "Tensor":
        from torch.nn.functional import kl_div

        return kl_div(outputs.log_softmax(1), wanted.log_softmax(1), log_target=True, reduction="batchmean")

    def calibrated(self, rows: Sequence[CalibrationRows], weight: float) -> tuple[Self, np.ndarray]:
        """The same: temperatures are the network's own."""
        from sensorium.targets.class_.temperatures import of_classes
        from sensorium.targets.temperatures import fit_temperatures

        return self, fit_temperatures(rows, weight, self.known, of_classes)

    def predict(self, outputs: np.ndarray) -> np.ndarray:
        exponents = np.exp(outputs - outputs.max(axis=1, keepdims=True))
        return exponents / exponents.sum(axis=1, keepdims=True)

    def predict_from(self, outputs: "Tensor") -> np.ndarray:
        """By torch, which is quicker where subsets of the inputs are many."""
        return outputs.softmax(1).cpu().numpy()

    def uncalibrated(self, outputs: np.ndarray, divisors: np.ndarray) -> np.ndarray:
        return self.predict(outputs * divisors[:, None])

    def calibration(self, divisors: np.ndarray) -> Figures:
        return {"temperature": float(np.median(divisors))}
