"""The scale of a number, and how far predictions are off."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sensorium.targets.number.scale import Scale

if TYPE_CHECKING:
    import pandas as pd

COVERAGE = 0.9  # of intervals: the part that shall hold the truth
ENDS = ((1 - COVERAGE) / 2, (1 + COVERAGE) / 2)  # the parts of rows below the ends of an interval


@dataclass(frozen=True)
class Scaled:
    """A number: outputs are it and the ends of its interval, standardised; a truth is a number, or not-a-number.

    What is predicted are the number and the ends of its interval in its own unit ``[rows, 3]``. The ends are quantiles
    that the network learns, moved by what rows that it was not fitted to demand (Romano et al. 2019, arXiv:1905.03222).

    Attributes:
        scale: on which it is learnt.
        median: of training rows.
        unit: the deviation of training rows, in its own unit.
        weight: see `Learning`.
        margin: by which intervals are wider at both ends than the network says, standardised.
    """

    scale: Scale
    median: float
    unit: float
    weight: float = 1.0
    margin: float = 0.0

    def truth(self, values: "pd.Series") -> np.ndarray:
        return values.to_numpy(float)

    def known(self, truth: Any) -> Any:
        return truth == truth


def shortened(number: Any) -> float:
    """To seven digits, whatever its size, as an answer has it."""
    return float(f"{float(number):.7g}")
