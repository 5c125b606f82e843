"""Which figures a run will measure, known from params.yaml alone: a rule on any other is refused before the run."""

import difflib
from collections.abc import Iterator, Mapping
from typing import Any

from sensorium.evaluation.gates import OF_TARGETS, TIMINGS
from sensorium.evaluation.names import MOST_INPUTS, subsets
from sensorium.modalities import Modality
from sensorium.modalities.modality import STRENGTHS
from sensorium.targets import Learnt, Target

ANY = "*"  # a key that only the data tells
DEEP: dict[str, Any] = {}  # below it anything may be
MOST_LISTED = 12
TIMES = dict.fromkeys(("p50_ms", "p95_ms", "batch_p50_ms", "batch_p95_ms", "start_ms", "memory_mb"))

Tree = Mapping[str, Any]


def figures(inputs: Mapping[str, Modality], targets: Mapping[str, Target], damaged: bool) -> Tree:
    """A tree by file, then keys; its leaves are ``None``.

    Args:
        inputs: as declared.
        targets: likewise.
        damaged: whether inputs are damaged.
    """
    kinds = {name: target.learnt for name, target in targets.items()}
    branches: dict[str, Any] = {name: {} for name in OF_TARGETS}
    for name, kind in kinds.items():
        for branch, tree in _of_target(inputs, kind, damaged).items():
            branches[branch][name] = tree
    tallies: dict[str, Any] = {}
    served: dict[str, Any] = {}
    for name, target in targets.items():
        tallies.setdefault(target.tally, {})[name] = {ANY: None}
        served.setdefault(target.learnt.main, {})[name] = None
    counts = {"present": None, "unreadable": None}
    return {
        **branches,
        "validate": {
            **dict.fromkeys(("rows", "valid", "quarantined", "partly_quarantined")),
            "inputs": dict.fromkeys(inputs, counts),
            **tallies,
            "spellings": {ANY: None},
        },
        "compress": {
            **dict.fromkeys(("megabytes", "smaller", "rows", "drop", "uncompressed_megabytes")),
            "proof": {"rows": None, "needed": None},
            **served,
            "difference": {name: {"value": None} for name in targets},
            "candidates": DEEP,
            "parity": DEEP,
        },
        TIMINGS: {"compress": {**TIMES, "faster": {"single": None, "batch": None}, "models": DEEP, "candidates": DEEP}},
    }


def _of_target(inputs: Mapping[str, Modality], kind: type[Learnt], damaged: bool) -> dict[str, Any]:
    """What is measured of one target, by file."""
    entry, several = dict.fromkeys((*kind.subset_figures, "rows")), len(inputs) > 1
    gain, kept = dict.fromkeys((kind.main, "gain")), ["+".join(one) for one in subsets(list(inputs)) if one]
    fewer = {how: dict.fromkeys(inputs, entry) for how in ("without", "only") if several}
    beside = {how: dict.fromkeys(inputs, gain) for how in ("without", "only") if several}
    honesty = dict.fromkeys(kind.honesty_figures)
    harm = dict.fromkeys(STRENGTHS, dict.fromkeys((kind.main, "drop", "rows")))
    return {
        "evaluate": {
            **dict.fromkeys((*kind.figure_names, "rows")),
            "members": {ANY: None},
            "calibration": {**dict.fromkeys(kind.calibration_figures), "before": honesty, "after": honesty},
            **dict.fromkeys(kind.baselines, dict.fromkeys(kind.figure_names)),
            "simpler": dict.fromkeys(kind.baselines, gain) | beside,
            **fewer,
            "attribution": dict.fromkeys(
                inputs if len(inputs) <= MOST_INPUTS else (), dict.fromkeys(("mean", "share"))
            ),
        },
        "slices": {ANY: {ANY: dict.fromkeys((kind.main, "rows", "p_value"))}},
        "robustness": {name: dict.fromkeys(one.corruptions, harm) for name, one in inputs.items()} if damaged else {},
        "subsets": dict.fromkeys(kept, entry),
    }


def why_not(address: str, tree: Tree) -> str:
    """Why no run can measure a figure of this address; empty if one can."""
    reached = list(_reach(address, tree))
    if any(below is None and done == address for done, below, _ in reached):
        return ""
    # The deepest, and of several the one that leaves the last key: keys of data may have dots and hold that as well.
    done, below, _ = max(reached, key=lambda one: (one[2], one[0] != address, len(one[0])))
    key = address[len(done) :].lstrip(".").split(".")[0]
    if not key:
        return f"it is no number: it holds {_listed(below)}"
    if not below:
        return f"{done} holds nothing" if below is not None else f"{done} is a number, with nothing below it"
    near = difflib.get_close_matches(key.lower(), below, n=1)
    return f"there is no {key!r}{f' (did you mean {near[0]!r}?)' if near else ''}; there is {_listed(below)}"


def _reach(address: str, tree: Any, done: str = "", depth: int = 0) -> Iterator[tuple[str, Any, int]]:
    """All that an address leads to, with the part of it that leads there and how deep; keys may have dots in them."""
    yield done, tree, depth
    if tree is DEEP:
        yield f"{done}.{address}", None, depth + 1
    if not address:
        return
    for key, below in (tree or {}).items():
        parts = address.split(".")
        starts = {".".join(parts[:count]) for count in range(1, len(parts) + 1)} if key == ANY else {key, ANY}
        for start in starts:
            if address == start or address.startswith(f"{start}."):
                yield from _reach(address[len(start) + 1 :], below, f"{done}.{start}" if done else start, depth + 1)


def _listed(tree: Tree) -> str:
    """The keys of a tree, of many the first."""
    names = list(tree)
    more = f" and {len(names) - MOST_LISTED} more" if len(names) > MOST_LISTED else ""
    return f"{', '.join(names[:MOST_LISTED])}{more}"
