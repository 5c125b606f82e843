"""Which candidate is served."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

Measure = Callable[[frozenset[str]], "Measured"]


@dataclass(frozen=True)
class Measured:
    """A candidate and its figures.

    Attributes:
        int8: the inputs whose encoder is int8.
        accuracy: by target.
        size: bytes.
        milliseconds: of every timed prediction.
        slowdown: its median time over that of the uncompressed model in the same run.
    """

    int8: frozenset[str]
    accuracy: dict[str, float]
    size: int
    milliseconds: list[float]
    slowdown: float

    @property
    def name(self) -> str:
        """``fp32``, or which inputs are int8."""
        return "int8 " + "+".join(sorted(self.int8)) if self.int8 else "fp32"

    @property
    def megabytes(self) -> float:
        """Size in MB, to a hundredth."""
        return round(self.size / 1e6, 2)

    def percentile(self, share: float) -> float:
        """The milliseconds that ``share`` percent of predictions keep, to a hundredth."""
        return round(float(np.percentile(self.milliseconds, share)), 2)

    def drop(self, reference: "Measured") -> float:
        """The accuracy that the target losing most loses."""
        return max(reference.accuracy[target] - value for target, value in self.accuracy.items())


def choose(inputs: Sequence[str], measure: Measure, max_drop: float, max_slowdown: float) -> list[Measured]:
    """Takes one input after the other to int8 and keeps what stays within the bounds.

    A target may lose ``max_drop`` accuracy against fp32 in all, and a candidate be ``max_slowdown`` times slower than
    fp32. Greedy rather than all subsets: with ten inputs those would be a thousand.

    Args:
        inputs: those with an int8 form, the one that saves most first.
        measure: gives a candidate's figures.
        max_drop: see above.
        max_slowdown: see above.

    Returns:
        All candidates in the order tried, fp32 first; the chosen one is the last that is acceptable.
    """
    reference = measure(frozenset())
    tried, chosen = [reference], reference
    for name in inputs:
        candidate = measure(chosen.int8 | {name})
        tried.append(candidate)
        if acceptable(candidate, reference, max_drop, max_slowdown):
            chosen = candidate
    return tried


def acceptable(candidate: Measured, reference: Measured, max_drop: float, max_slowdown: float) -> bool:
    """Whether a candidate loses too little and is fast enough."""
    return candidate.drop(reference) <= max_drop + 1e-9 and candidate.slowdown <= max_slowdown
