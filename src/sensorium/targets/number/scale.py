"""A scale on which numbers have no long tail: mean 0 and deviation 1 in training rows, and back again."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

MOST_SKEWNESS, MOST_KURTOSIS = 1.0, 7.0  # of numbers without a long tail; 0 and 3 are those of the normal distribution
KNOTS = 257  # between which the scale of ranks is straight
NEAR_ZERO = 0.05  # of numbers, up to whose size the logarithmic scale is straight
ALIKE = 1e-12  # of the largest number, that numbers differ by which are the same but for rounding
BEYOND = 0.5  # deviations that a prediction may lie outside of all training rows


@dataclass(frozen=True)
class Scale:
    """From a target's own unit and back.

    Attributes:
        transform: a name in `FORWARD`: what is done before mean and deviation are taken.
        parameters: of the transform.
        mean: of transformed training numbers.
        deviation: of the same, not 0.
        low: the least standardised number that is predicted.
        high: the largest.
    """

    transform: str
    parameters: list[list[float]]
    mean: float
    deviation: float
    low: float
    high: float

    @classmethod
    def fit(cls, numbers: np.ndarray) -> Self:
        """The first transform that leaves no long tail: none, the logarithm, and that to ranks.

        Where all do, it is the last that still tells the numbers apart.
        """
        chosen = cls._of(numbers, "identity")
        for transform in PARAMETERS:
            one = cls._of(numbers, transform)
            standard = one.standardised(numbers)
            if not standard.std() > 0:
                continue
            chosen = one
            if abs((standard**3).mean()) <= MOST_SKEWNESS and (standard**4).mean() <= MOST_KURTOSIS:
                break
        return chosen

    @classmethod
    def _of(cls, numbers: np.ndarray, transform: str) -> Self:
        """The scale by one transform; where that leaves no difference, its deviation is 1."""
        parameters = PARAMETERS[transform](numbers)
        found = FORWARD[transform](numbers, parameters)
        mean, deviation = float(found.mean()), float(found.std())
        if not deviation > ALIKE * float(np.abs(found).max()):
            deviation = 1.0
        ends = (float((end - mean) / deviation) for end in (found.min(), found.max()))
        low, high = (end + beyond for end, beyond in zip(ends, (-BEYOND, BEYOND), strict=True))
        return cls(transform, parameters, mean, deviation, low, high)

    @classmethod
    def of(cls, state: Any) -> Self:
        """The one that gave a `state`."""
        found = cls(**state)
        if found.transform not in FORWARD:
            raise ValueError(f"there is no transform {found.transform!r}")
        return found

    @property
    def state(self) -> dict[str, Any]:
        """All of it, as JSON."""
        return dict(vars(self))

    def standardised(self, numbers: np.ndarray) -> np.ndarray:
        """Numbers in the target's own unit on this scale."""
        return (FORWARD[self.transform](numbers, self.parameters) - self.mean) / self.deviation

    def back(self, standard: np.ndarray) -> np.ndarray:
        """The other way; what lies far outside of all training rows is moved to where that begins."""
        kept = np.clip(standard, self.low, self.high) * self.deviation + self.mean
        return BACK[self.transform](kept, self.parameters)


Parameters = list[list[float]]
Transform = Callable[[np.ndarray, Parameters], np.ndarray]


def _of_logarithm(numbers: np.ndarray) -> Parameters:
    sizes = np.abs(numbers[numbers != 0])
    return [[float(np.quantile(sizes, NEAR_ZERO)) if len(sizes) else 1.0]]


def _of_ranks(numbers: np.ndarray) -> Parameters:
    """Numbers, and where numbers of these ranks lie in a normal distribution."""
    from scipy.stats import norm

    ranks = (np.arange(min(KNOTS, len(numbers))) + 0.5) / min(KNOTS, len(numbers))
    knots, place = np.unique(np.quantile(numbers, ranks), return_inverse=True)
    normal = np.bincount(place, weights=norm.ppf(ranks)) / np.bincount(place)
    return [knots.tolist(), normal.tolist()]


PARAMETERS: dict[str, Callable[[np.ndarray], Parameters]] = {
    "identity": lambda numbers: [],
    "logarithm": _of_logarithm,
    "ranks": _of_ranks,
}
FORWARD: dict[str, Transform] = {
    "identity": lambda numbers, _: numbers,
    "logarithm": lambda numbers, parameters: np.arcsinh(numbers / parameters[0][0]),  # of any sign, straight near zero
    "ranks": lambda numbers, parameters: np.interp(numbers, parameters[0], parameters[1]),
}
BACK: dict[str, Transform] = {
    "identity": lambda numbers, _: numbers,
    "logarithm": lambda numbers, parameters: np.sinh(numbers) * parameters[0][0],
    "ranks": lambda numbers, parameters: np.interp(numbers, parameters[1], parameters[0]),
}
