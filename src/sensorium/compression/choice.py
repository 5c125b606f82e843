"""Which variant of each part is served."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sensorium.compression.parts import FP32
from sensorium.compression.quality import Quality
from sensorium.compression.settings import Compress

ALIKE = 1.05  # of two costs: then the variant that computes more nearly the same comes first
Chosen = dict[str, str]


@dataclass(frozen=True)
class Cost:
    """How long a network takes, and what it needs.

    Attributes:
        single: milliseconds of one value at a time, every time it was measured.
        batch: milliseconds of a full batch.
        slowdown: median time over that of fp32, taken in turns with it, of one value.
        batch_slowdown: the same of a full batch.
        whole_slowdown: what the larger of both makes of the time of the whole model in fp32.
        start: milliseconds from starting a process to the first answer.
        memory: bytes of that process at most, a full batch included.
    """

    single: Sequence[float]
    batch: Sequence[float]
    slowdown: float
    batch_slowdown: float
    whole_slowdown: float
    start: float
    memory: int


@dataclass(frozen=True)
class Candidate:
    """The whole model with one part in a variant and all others in fp32.

    Attributes:
        part: which part.
        variant: in which form.
        size: bytes of the part.
        similarity: mean cosine of the part's output with that of fp32.
        quality: of the whole model, by target.
        cost: of the part.
    """

    part: str
    variant: str
    size: int
    similarity: float
    quality: Mapping[str, Quality]
    cost: Cost


def acceptable(quality: Mapping[str, Quality], max_drop: float) -> bool:
    """Whether the loss of every target is within bounds, its interval included; of no target nothing is known."""
    return bool(quality) and all(one.low >= -max_drop - 1e-9 for one in quality.values())


def preferred(candidates: Sequence[Candidate], settings: Compress) -> list[Candidate]:
    """A part's candidates that may win, the best first; each costs less than fp32, which comes first of ``candidates``.

    Where two cost about the same, the one whose output is more similar comes first: what differs less by luck of the
    test rows differs less on other rows too.
    """
    original = candidates[0]
    left = [
        one
        for one in candidates[1:]
        if gains(one, original, settings)
        and one.cost.whole_slowdown <= settings.max_slowdown
        and acceptable(one.quality, settings.max_drop)
    ]

    def cost(one: Candidate) -> float:
        return COSTS[settings.objective](one, original)

    order = []
    while left:
        cheapest = min(map(cost, left))
        best = max((one for one in left if cost(one) <= ALIKE * cheapest), key=lambda one: one.similarity)
        order.append(best)
        left.remove(best)
    return order


def gains(one: Candidate, original: Candidate, settings: Compress) -> bool:
    """Whether a candidate costs clearly less than fp32."""
    cost = COSTS[settings.objective]
    return cost(one, original) * ALIKE < cost(original, original)


COSTS: dict[str, Callable[[Candidate, Candidate], float]] = {
    "size": lambda one, original: one.size,
    # milliseconds, by the ratio that was taken in turns
    "latency": lambda one, original: one.cost.slowdown * float(np.median(original.cost.single)),
}


def choose(candidates: Mapping[str, Sequence[Candidate]], settings: Compress, fits: Callable[[Chosen], bool]) -> Chosen:
    """Takes one part after the other to its best variant with which the whole model still keeps the bounds.

    Greedy rather than all combinations: with ten inputs those would be millions.

    Args:
        candidates: of every part, fp32 first.
        settings: the objective and the bounds.
        fits: whether a whole model keeps them.

    Returns:
        The variant of every part.
    """
    ranked = {part: preferred(several, settings) for part, several in candidates.items()}
    chosen = dict.fromkeys(candidates, FP32)
    cost = COSTS[settings.objective]
    saved = {}
    for part, order in ranked.items():
        if order:
            original = candidates[part][0]
            saved[part] = cost(original, original) - cost(order[0], original)
    for part in sorted(saved, key=lambda part: -saved[part]):
        for one in ranked[part]:
            if fits({**chosen, part: one.variant}):
                chosen[part] = one.variant
                break
    return chosen
