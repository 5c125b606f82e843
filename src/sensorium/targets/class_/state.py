"""The names of classes, which all that is asked of them goes by."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Classes:
    """Classes: an output is a logit each, a truth is a class's number, -1 where it is not known.

    What is predicted are probabilities ``[rows, classes]``.

    Attributes:
        classes: their names, in the order of the outputs.
        weight: see `Learning`.
        unit: see `Judging`.
    """

    classes: tuple[str, ...]
    weight: float = 1.0
    unit: float = 1.0

    def truth(self, values: "pd.Series") -> np.ndarray:
        place = {name: number for number, name in enumerate(self.classes)}
        return values.map(place).fillna(-1).astype(int).to_numpy()

    def known(self, truth: Any) -> Any:
        return truth >= 0
