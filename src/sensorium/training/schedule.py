"""How fast is learnt while a training goes on."""

import math


def warm_cosine(step: int, steps: int) -> float:
    """Share of the learning rate: rising over the first tenth of all steps, falling along a cosine throughout."""
    warm = max(1, steps // 10)
    return min(1, (step + 1) / warm) * (1 + math.cos(math.pi * step / steps)) / 2
