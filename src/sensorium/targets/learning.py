"""How a network is fitted to a target, and what its outputs predict."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from sensorium.targets.judging import Figures

if TYPE_CHECKING:  # what is served needs none of it
    import pandas as pd
    from torch import Tensor


@dataclass(frozen=True)
class CalibrationRows:
    """Rows that a network was not fitted to, seen with some of their inputs.

    Attributes:
        outputs: what its head gives ``[rows, outputs]``.
        absent: 1 where a row lacks an input ``[rows, inputs]``.
        truth: see `Learning.truth`.
    """

    outputs: np.ndarray
    absent: np.ndarray
    truth: np.ndarray


class Learning(ABC):
    """The truth, the loss, calibration, and predictions: an array ``[rows, columns]``; a kind knows which columns.

    Attributes:
        weight: of its loss, beside those of other targets.
        calibration_figures: names of what `calibration` gives.
    """

    weight: float
    calibration_figures: ClassVar[tuple[str, ...]]

    @property
    @abstractmethod
    def outputs(self) -> int:
        """How many numbers a network's head gives for a row."""

    @property
    def surprise(self) -> float:
        """What losses of rows are divided by, so that none drowns those of other targets."""
        return 1.0

    @abstractmethod
    def truth(self, values: "pd.Series") -> np.ndarray:
        """What is true of prepared rows ``[rows]``, as all that follows reads it."""

    @abstractmethod
    def known(self, truth: Any) -> Any:
        """Whether anything is known ``[rows]``; of an array, or of a tensor."""

    @abstractmethod
    def strata(self, truth: np.ndarray) -> np.ndarray:
        """Rows that are alike have the same whole number ``[rows]``."""

    @abstractmethod
    def loss(self, outputs: "Tensor", truth: "Tensor", smoothing: float = 0.0) -> "Tensor":
        """The mean loss of rows of which the truth is known.

        Args:
            outputs: ``[rows, outputs]``.
            truth: ``[rows]``.
            smoothing: of the labels, where they are classes.
        """

    @abstractmethod
    def losses(self, outputs: "Tensor", truth: "Tensor") -> "Tensor":
        """The loss of each row by each of several networks ``[rows, networks]``.

        Args:
            outputs: ``[rows, networks, outputs]``.
            truth: ``[rows]``, all known.
        """

    def least_loss(self, outputs: "Tensor", truth: "Tensor") -> float:
        """The mean loss of known rows at the calibration that suits them best."""
        return self.loss(outputs, truth).item()

    @abstractmethod
    def divergence(self, outputs: "Tensor", wanted: "Tensor") -> "Tensor":
        """How far outputs are from those that are wanted ``[rows, outputs]``, a mean over rows."""

    @abstractmethod
    def calibrated(self, rows: Sequence[CalibrationRows], weight: float) -> tuple[Self, np.ndarray]:
        """The same, honest about how sure it is.

        Args:
            rows: as they are, then with other subsets of their inputs.
            weight: of a row: below 1 where rows are not independent.

        Returns:
            The learnt half; and the logarithm of what outputs are to be divided by with all inputs, and what the
            absence of each input adds to it ``[1 + inputs]``.
        """

    @abstractmethod
    def predict(self, outputs: np.ndarray) -> np.ndarray:
        """What is predicted ``[rows, columns]``."""

    def predict_from(self, outputs: "Tensor") -> np.ndarray:
        """The same of outputs that are still on the network's device."""
        return self.predict(outputs.cpu().numpy())

    @abstractmethod
    def uncalibrated(self, outputs: np.ndarray, divisors: np.ndarray) -> np.ndarray:
        """What would be predicted without `calibrated` ``[rows, columns]``.

        Args:
            outputs: ``[rows, outputs]``.
            divisors: what they were divided by ``[rows]``.
        """

    @abstractmethod
    def calibration(self, divisors: np.ndarray) -> Figures:
        """What calibration found, by name; ``divisors`` as of `uncalibrated`."""
