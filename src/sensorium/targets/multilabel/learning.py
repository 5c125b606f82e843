"""Tags are learnt by binary cross-entropy, made honest by temperatures, and said from thresholds."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np

from sensorium.targets.judging import Figures
from sensorium.targets.learning import CalibrationRows, Learning
from sensorium.targets.multilabel.state import Tags
from sensorium.targets.multilabel.strata import rarest

if TYPE_CHECKING:
    from torch import Tensor

FEW = 2  # rows of a tag by which folds are made


class MultilabelLearning(Tags, Learning):
    """A logit a tag."""

    calibration_figures: ClassVar[tuple[str, ...]] = ("temperature",)

    @property
    def outputs(self) -> int:
        return len(self.tags)

    def strata(self, truth: np.ndarray) -> np.ndarray:
        known = self.known(truth)
        found = np.full(len(truth), -1)
        found[known] = rarest(truth[known] > 0, FEW)
        return found

    @property
    def surprise(self) -> float:
        """What a row costs who knows no more than how frequent tags are: losses are told in it, however many tags."""
        frequencies = np.clip(np.array(self.frequencies), 1e-3, 1 - 1e-3)
        return float(-(frequencies * np.log(frequencies) + (1 - frequencies) * np.log(1 - frequencies)).sum())

    def loss(self, outputs: "Tensor", truth: "Tensor", smoothing: float = 0.0) -> "Tensor":
        from torch.nn.functional import binary_cross_entropy_with_logits

        wanted = truth.to(outputs) * (1 - smoothing) + smoothing / 2
        summed = binary_cross_entropy_with_logits(outputs, wanted, reduction="sum")
        return summed / (len(outputs) * self.surprise)

    def losses(self, outputs: "Tensor", truth: "Tensor") -> "Tensor":
        from torch.nn.functional import softplus

        signs = 1 - 2 * truth[:, None].to(outputs)
        return softplus(signs * outputs).sum(2) / self.surprise

    def least_loss(self, outputs: "Tensor", truth: "Tensor") -> float:
        from torch import logspace, stack

        temperatures = logspace(-1, 1, 41).tolist()
        return stack([self.loss(outputs / temperature, truth) for temperature in temperatures]).min().item()

    def divergence(self, outputs: "Tensor", wanted: "Tensor") -> "Tensor":
        """Kullback and Leibler's of each tag, added up."""
        from torch.nn.functional import binary_cross_entropy_with_logits

        asked = wanted.sigmoid()
        both = (binary_cross_entropy_with_logits(one, asked, reduction="sum") for one in (outputs, wanted))
        far, least = both
        return (far - least) / (len(outputs) * self.surprise)

    def calibrated(self, rows: Sequence[CalibrationRows], weight: float) -> tuple[Self, np.ndarray]:
        """Temperatures are the network's own; thresholds are those that suit the rows with all their inputs."""
        from sensorium.targets.multilabel.calibration import fit_thresholds, of_tags
        from sensorium.targets.temperatures import fit_temperatures

        found, whole = fit_temperatures(rows, weight, self.known, of_tags), rows[0]
        known = self.known(whole.truth)
        if not known.any():
            return self, found
        divisors = np.exp(found[0] + whole.absent[known] @ found[1:])
        probabilities = _sigmoid(whole.outputs[known] / divisors[:, None])
        return replace(self, thresholds=tuple(fit_thresholds(probabilities, whole.truth[known]).tolist())), found

    def predict(self, outputs: np.ndarray) -> np.ndarray:
        probabilities = _sigmoid(outputs)
        return np.concatenate([probabilities, probabilities >= np.array(self.thresholds, probabilities.dtype)], axis=1)

    def uncalibrated(self, outputs: np.ndarray, divisors: np.ndarray) -> np.ndarray:
        return self.predict(outputs * divisors[:, None])

    def calibration(self, divisors: np.ndarray) -> Figures:
        return {"temperature": float(np.median(divisors))}


def _sigmoid(outputs: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-np.clip(outputs, -80, 80)))
