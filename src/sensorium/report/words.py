"""Findings as sentences, the same wherever they are said."""

from collections.abc import Mapping
from typing import Any

POINTS = 100
UNCHANGED = "unchanged"
METHODS = {
    "majority": "always saying the commonest class",
    "logistic_regression": "logistic regression on the same features",
}


def changes(difference: Mapping[str, Any]) -> str:
    """What compression did to accuracy: ``category +1.0 points [+0.2, +2.1], size unchanged``.

    Args:
        difference: as in metrics/compress.json, of every target its ``value`` and ``interval``.
    """
    said = {target: _change(**one) for target, one in difference.items()}
    if set(said.values()) <= {UNCHANGED}:
        return UNCHANGED
    return ", ".join(f"{target} {words}" for target, words in said.items())


def compression(difference: Mapping[str, Any]) -> str:
    """``compression left accuracy unchanged``, or how it changed; ``difference`` as for `changes`."""
    said = changes(difference)
    return f"compression left accuracy {said}" if said == UNCHANGED else f"compression changed accuracy: {said}"


def _change(value: float, interval: tuple[float, float]) -> str:
    """The interval of a model that computes the same has no width; that of any other has, be its answers the same."""
    low, high = interval
    return UNCHANGED if value == low == high == 0 else f"{points(value)} points [{points(low)}, {points(high)}]"


def points(share: float) -> str:
    """``+1.0`` for a hundredth."""
    return f"{round(POINTS * share, 1) + 0.0:+.1f}"


def times_smaller(smaller: float) -> str:
    """``4.4 times smaller``; ``1.2 times larger`` where it is not."""
    return _times(smaller, "smaller", "larger")


def times_faster(faster: float) -> str:
    """``10.2 times faster``; ``1.1 times slower`` where it is not."""
    return _times(faster, "faster", "slower")


def _times(ratio: float, more: str, less: str) -> str:
    """A ratio that rounds to one makes no difference."""
    if f"{ratio:.1f}" == "1.0":
        return f"no {more}"
    return f"{ratio:.1f} times {more}" if ratio > 1 else f"{1 / ratio:.1f} times {less}"


def simpler(evaluated: Mapping[str, Any]) -> list[str]:
    """A sentence for every target of which simpler methods are better than the network, or cannot be told from it.

    Args:
        evaluated: as in metrics/evaluate.json; nothing is said of an older one, which has no simpler methods.
    """
    return [sentence for target, tree in evaluated.items() if (sentence := _simpler(target, tree))]


def _simpler(target: str, tree: Mapping[str, Any]) -> str:
    if "simpler" not in tree:
        return ""
    beside = tree["simpler"]
    methods = [(METHODS[name], beside[name]) for name in METHODS]
    not_worse = [(name, one) for name, one in methods if one["interval"][0] <= 0]
    alone = [(f"{name} alone", one) for name, one in beside.get("only", {}).items() if one["interval"][0] <= 0]
    not_worse += sorted(alone, key=_gain)[:1]
    better = [(name, one) for name, one in not_worse if one["interval"][1] < 0]
    if not not_worse:
        return ""
    (first, best), *others = sorted(better or not_worse, key=_gain)
    said = f"{first} reaches {best['accuracy']:.3f}" + "".join(
        f", {name} {one['accuracy']:.3f}" for name, one in others
    )
    if better:
        judged = "the difference is more than chance. Use the simpler model, or more rows."
    else:
        judged = f"{tree['rows']:,} test rows cannot tell them apart; only more rows could."
    return f"{target}: {said}, the network {tree['accuracy']:.3f}; {judged}"


def _gain(named: tuple[str, Mapping[str, Any]]) -> float:
    return named[1]["gain"]
