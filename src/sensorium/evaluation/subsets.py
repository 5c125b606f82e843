"""The same rows with inputs taken away."""

from collections.abc import Iterator, Sequence


def subsets(inputs: Sequence[str]) -> Iterator[tuple[tuple[str, ...], set[str]]]:
    """Yields where a figure is kept and which inputs are taken away: each one missing, then each one alone."""
    if len(inputs) < 2:
        return
    for name in inputs:
        yield ("without", name), {name}
    for name in inputs:
        yield ("only", name), set(inputs) - {name}
