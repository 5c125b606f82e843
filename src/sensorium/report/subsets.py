"""Subsets of the inputs, as a page names them."""

from sensorium.evaluation.measure import Tree

MOST_BARS = 16
MANY_INPUTS = 4


def by_size(tree: Tree) -> list[tuple[str, Tree]]:
    """The subsets, the largest first."""
    return sorted(tree.items(), key=lambda entry: -entry[0].count("+"))


def named_subsets(tree: Tree) -> list[tuple[str, Tree]]:
    found = by_size(tree["subsets"])
    return [(named(name, found[0][0]), entry) for name, entry in found]


def named(kept: str, whole: str) -> str:
    """A subset as people say it: of many inputs those that are missing, where that is only one."""
    missing = [name for name in whole.split("+") if name not in kept.split("+")]
    return f"all but {missing[0]}" if len(missing) == 1 and whole.count("+") >= MANY_INPUTS else kept
