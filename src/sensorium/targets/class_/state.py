"""The names of classes, which all that is asked of them goes by, and what a row of each counts."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

LEVEL = 1e-6  # of the largest, by which what is weighed differs from rounding alone


@dataclass(frozen=True)
class Classes:
    """Classes: an output is a logit each, a truth is a class's number, -1 where it is not known.

    What is predicted are probabilities ``[rows, classes]``.

    Attributes:
        classes: their names, in the order of the outputs.
        weight: see `Learning`.
        unit: see `Judging`.
        balance: how far rare classes are made to count as much as frequent ones, from 0 to 1.
        focal: how much less rows count in training that are learnt already; 0 is not at all.
        frequencies: the part of training rows that is of each class.
    """

    classes: tuple[str, ...]
    weight: float = 1.0
    unit: float = 1.0
    balance: float = 0.0
    focal: float = 0.0
    frequencies: tuple[float, ...] = ()

    def truth(self, values: "pd.Series") -> np.ndarray:
        place = {name: number for number, name in enumerate(self.classes)}
        return values.map(place).fillna(-1).astype(int).to_numpy()

    def known(self, truth: Any) -> Any:
        return truth >= 0

    @cached_property
    def class_weights(self) -> np.ndarray:
        """How much a row of each class counts ``[classes]``; the mean over training rows is 1."""
        if not self.balance:
            return np.ones(len(self.classes))
        frequencies = np.array(self.frequencies)
        weights = frequencies**-self.balance
        return weights / (frequencies * weights).sum()

    def decide(self, probabilities: np.ndarray) -> Any:
        """The number of the class that is answered, of one row or of many.

        It is the likeliest, each probability counting as much as a row of its class did in training: so the cost of a
        mistake is the same in both (Elkan 2001). Where several are level, the likeliest of them.
        """
        if not self.balance:
            return probabilities.argmax(-1)
        weighed = probabilities * self.class_weights
        level = weighed >= weighed.max(-1, keepdims=True) * (1 - LEVEL)
        return np.where(level, probabilities, -1).argmax(-1)

    def confidence_in(self, probabilities: np.ndarray, decided: Any) -> Any:
        """The probability of the class that is answered, of one row or of many."""
        return np.take_along_axis(probabilities, np.asarray(decided)[..., None], -1)[..., 0]
