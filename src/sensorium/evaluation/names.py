"""Names of the subsets of inputs that are measured; nothing here needs torch."""

from collections.abc import Sequence

MOST_INPUTS = 10  # of which every subset is asked: a thousand

Subset = tuple[str, ...]


def subsets(inputs: Sequence[str]) -> list[Subset]:
    """Every subset of up to ten inputs, the empty one first; of more only all, each missing, each alone and none.

    Subset ``s`` of all subsets has the inputs whose bit is set in ``s``: the order that `shapley` reads.
    """
    if len(inputs) <= MOST_INPUTS:
        return [tuple(name for n, name in enumerate(inputs) if s >> n & 1) for s in range(2 ** len(inputs))]
    missing = [tuple(name for name in inputs if name != other) for other in inputs]
    return [(), *((name,) for name in inputs), *missing, tuple(inputs)]
