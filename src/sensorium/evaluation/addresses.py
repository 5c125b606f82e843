"""Which figures a run will measure, known from params.yaml alone: a rule on any other is refused before the run."""

import difflib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sensorium.evaluation.gates import FIGURES, TIMINGS
from sensorium.evaluation.names import BASELINES, MOST_INPUTS, OF_SUBSETS, subsets
from sensorium.modalities import Modality
from sensorium.modalities.modality import STRENGTHS

ANY = "*"  # a key that only the data tells
DEEP: dict[str, Any] = {}  # below it anything may be
MOST_LISTED = 12
HONESTY = dict.fromkeys(("log_loss", "calibration_error"))
TIMES = dict.fromkeys(("p50_ms", "p95_ms", "batch_p50_ms", "batch_p95_ms", "start_ms", "memory_mb"))

Tree = Mapping[str, Any]


def figures(inputs: Mapping[str, Modality], targets: Iterable[str], damaged: bool) -> Tree:
    """A tree by file, then keys; its leaves are ``None``.

    Args:
        inputs: as declared.
        targets: their names.
        damaged: whether inputs are damaged.
    """
    entry, several = dict.fromkeys((*OF_SUBSETS, "confidence", "calibration_error", "rows")), len(inputs) > 1
    gain, kept = dict.fromkeys(("accuracy", "gain")), ["+".join(one) for one in subsets(list(inputs)) if one]
    fewer = {how: dict.fromkeys(inputs, entry) for how in ("without", "only") if several}
    beside = {how: dict.fromkeys(inputs, gain) for how in ("without", "only") if several}
    of_target = {
        **dict.fromkeys((*FIGURES, "rows")),
        "calibration": {"temperature": None, "before": HONESTY, "after": HONESTY},
        **dict.fromkeys(BASELINES, dict.fromkeys(FIGURES)),
        "simpler": dict.fromkeys(BASELINES, gain) | beside,
        **fewer,
        "attribution": dict.fromkeys(inputs if len(inputs) <= MOST_INPUTS else (), dict.fromkeys(("mean", "share"))),
    }
    harm = dict.fromkeys(STRENGTHS, dict.fromkeys(("accuracy", "drop", "rows")))
    damage = {name: dict.fromkeys(kind.corruptions, harm) for name, kind in inputs.items()} if damaged else {}
    slices = {ANY: {ANY: dict.fromkeys(("accuracy", "rows", "p_value"))}}
    branches = {"evaluate": of_target, "slices": slices, "robustness": damage, "subsets": dict.fromkeys(kept, entry)}
    counts = {"present": None, "unreadable": None}
    return {
        **{name: dict.fromkeys(targets, branch) for name, branch in branches.items()},
        "validate": {
            **dict.fromkeys(("rows", "valid", "quarantined", "lessened")),
            "inputs": dict.fromkeys(inputs, counts),
            "classes": {name: {ANY: None} for name in targets},
            "spellings": {ANY: None},
        },
        "compress": {
            **dict.fromkeys(("megabytes", "smaller", "rows", "drop", "uncompressed_megabytes")),
            "proof": {"rows": None, "needed": None},
            "accuracy": dict.fromkeys(targets),
            "difference": {name: {"value": None} for name in targets},
            "candidates": DEEP,
            "parity": DEEP,
        },
        TIMINGS: {"compress": {**TIMES, "faster": {"single": None, "batch": None}, "models": DEEP, "candidates": DEEP}},
    }


def why_not(address: str, tree: Tree) -> str:
    """Why no run can measure a figure of this address; empty if one can."""
    reached = list(_reach(address, tree))
    if any(below is None and done == address for done, below in reached):
        return ""
    done, below = max(reached, key=lambda one: len(one[0]))
    key = address[len(done) :].lstrip(".").split(".")[0]
    if not key:
        return f"it is no number: it holds {_listed(below)}"
    if not below:
        return f"{done} holds nothing" if below is not None else f"{done} is a number, with nothing below it"
    near = difflib.get_close_matches(key, below, n=1)
    return f"there is no {key!r}{f' (did you mean {near[0]!r}?)' if near else ''}; there is {_listed(below)}"


def _reach(address: str, tree: Any, done: str = "") -> Iterator[tuple[str, Any]]:
    """All that an address leads to, with the part of it that leads there; keys may have dots in them."""
    yield done, tree
    if tree is DEEP:
        yield f"{done}.{address}", None
    for key, below in (tree or {}).items():
        parts = address.split(".")
        starts = {".".join(parts[:count]) for count in range(1, len(parts) + 1)} if key == ANY else {key, ANY}
        for start in starts:
            if address == start or address.startswith(f"{start}."):
                yield from _reach(address[len(start) + 1 :], below, f"{done}.{start}" if done else start)


def _listed(tree: Tree) -> str:
    """The keys of a tree, of many the first."""
    names = list(tree)
    more = f" and {len(names) - MOST_LISTED} more" if len(names) > MOST_LISTED else ""
    return f"{', '.join(names[:MOST_LISTED])}{more}"
