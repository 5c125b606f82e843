"""Figures in a tree, looked up by their address: its keys with dots between them."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from sensorium.spelling import spelled

UNJUDGED = "unjudged"  # in a tree of figures: why nothing below can be judged, or that by any key below
COUNT = "rows"  # which is known whatever can be judged
KEYS = re.compile(r'(?:^|\.)("(?:[^"\\]|\\.)*"(?=\.|$)|[^.]*)')
Found = tuple[str, float, str]  # a figure's own address, the figure, and why it cannot be judged


class Unmeasured(Exception):  # noqa: N818 - nothing went wrong
    """A rule that cannot be judged: a sentence saying why."""


def keys_of(address: str) -> list[str]:
    """The keys of an address; one in double quotes, as JSON has them, may have dots in it."""
    return [_unquoted(key) for key in KEYS.findall(address)]


def _unquoted(key: str) -> str:
    try:
        return str(json.loads(key)) if key.startswith('"') else key
    except ValueError:
        return key


def quoted(key: str) -> str:
    """A key as an address has it that dots in the key shall not divide."""
    return json.dumps(key, ensure_ascii=False)


def _shown(key: object) -> str:
    """A key in an address that a person reads, on one line."""
    return str(key) if str(key).isprintable() else quoted(str(key))


def matches(address: str, figures: Mapping[str, Any]) -> list[tuple[str, float]]:
    """All figures that an address fits and that can be judged, with their own addresses.

    Raises:
        Unmeasured: if there is none, saying why, or what is there instead.
    """
    everything = list(find(address, figures))
    if found := [(at, value) for at, value, why in everything if not why]:
        return found
    if everything:
        raise Unmeasured(everything[0][2])
    raise Unmeasured(f"{address} is not measured: {_absence(address, figures)}")


def look_up(address: str, figures: Mapping[str, Any]) -> tuple[str, float]:
    """The one figure at an address.

    Raises:
        Unmeasured: if there is none.
    """
    return matches(address, figures)[0]


def find(address: str, tree: Any, above: str = "", why: str = "", whys: Any = None) -> Iterator[Found]:
    """Addresses, figures, and why each cannot be judged.

    Keys may have dots in them, so each is tried against every start of what is left of the address. A key may stand in
    quotes, and a value may be named as a table spells it, such as True or 1.0.
    """
    if not address:
        if isinstance(tree, int | float) and not isinstance(tree, bool):
            yield above, float(tree), why
        return
    if isinstance(tree, Mapping):
        ends = [place for place, letter in enumerate(address) if letter == "."] + [len(address)]
        starts = {end: {address[:end], spelled(address[:end])} for end in ends}
        reason = tree.get(UNJUDGED)
        why, whys = (reason, whys) if isinstance(reason, str) else (why, reason or whys or {})
        for key, below in tree.items():
            of_key = "" if key == COUNT else why or whys.get(key, "")
            for end, names in starts.items():
                if {"*", str(key), quoted(str(key))} & names:
                    at = f"{above}.{_shown(key)}" if above else str(key)
                    yield from find(address[end + 1 :], below, at, of_key, whys)


def _absence(address: str, figures: Mapping[str, Any]) -> str:
    """Which key of an address is not there, and which are."""
    if "*" in address:
        return "no figure fits it"
    found: Any = figures
    for key in keys_of(address):
        if not isinstance(found, Mapping) or key not in found:
            known = ", ".join(map(str, found)) if isinstance(found, Mapping) else "nothing"
            return f"there is no {key!r}, here are {known or 'none'}"
        found = found[key]
    keys = f": it holds {', '.join(map(str, found))}" if isinstance(found, Mapping) else ""
    return f"it is no number{keys}"
