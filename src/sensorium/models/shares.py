"""How much each of several fusions counts in an answer."""

from collections.abc import Mapping


def mean_of(shares: Mapping[str, float]) -> str:
    """By which fusions something is answered: ``concat alone``, ``the mean of 60% concat and 40% kernel``."""
    counting = {kind: share for kind, share in shares.items() if share}
    if len(counting) == 1:
        return f"{next(iter(counting))} alone"
    *others, last = [f"{share:.0%} {kind}" for kind, share in counting.items()]
    return f"the mean of {', '.join(others)} and {last}"
