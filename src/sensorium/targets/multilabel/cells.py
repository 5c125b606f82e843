"""The tags in a cell of a table, and in a label that a person sends."""

import json
from collections.abc import Iterable
from typing import Any

from sensorium.errors import BadInput, Cause
from sensorium.spelling import spelled

EXPECTED = 'a list of tags is expected, such as ["red", "small"]'
LONGEST_TAG = 200  # letters
MOST_TAGS = 1000  # of a row
WITHIN_LISTS = ",:'\"[{"


def tags_in(cell: Any, separator: str = "") -> list[str]:
    """The tags in a cell that is not missing: each once, as it is spelled, in alphabetical order.

    Args:
        cell: a list, a text that is a JSON list, or tags with a separator between them.
        separator: without one a text must be a JSON list.

    Raises:
        BadInput: if a list holds something else than texts, numbers and flags, or a text looks like a list that JSON
            does not know, as Python writes one.
    """
    found = cell if isinstance(cell, list) else _listed(str(cell))
    if found is None:
        if not separator:
            raise BadInput(EXPECTED)
        if _looks_like_json(str(cell)):
            what, mend = "looks like a list, but is none that JSON knows", 'write ["a", "b"]'
            mend += f", or the tags with {separator!r} between them"
            raise BadInput(f"{str(cell)[:40]!r} {what}", Cause("a cell", what, str(cell), mend))
        found = str(cell).split(separator)
    if len(found) > MOST_TAGS:
        raise BadInput(f"{len(found):,} tags are too many: at most {MOST_TAGS:,} are read")
    if any(isinstance(one, list | dict) for one in found):
        what, mend = "holds a list or an object within the list", "write one list of texts"
        raise BadInput(f"{str(cell)[:40]!r} {what}", Cause("a cell", what, str(cell), mend))
    return sorted({tag for one in found if one is not None and (tag := spelled(one))})


def as_text(tags: Iterable[str]) -> str:
    """Tags as prepared rows, tables and the log's comparisons have them: equal sets are equal texts."""
    return json.dumps(sorted(tags), ensure_ascii=False)


def _looks_like_json(text: str) -> bool:
    """Whether one pair of brackets, or one that nobody closed, is around several values; ``[draft]`` is a tag."""
    text = text.strip()
    if not text.startswith(("[", "{")):
        return False
    depth = 0
    for place, letter in enumerate(text):
        depth += (letter in "[{") - (letter in "]}")
        if not depth:
            return place == len(text) - 1 and any(mark in text[1:] for mark in WITHIN_LISTS)
    return any(mark in text[1:] for mark in WITHIN_LISTS)


def _listed(text: str) -> list[Any] | None:
    if not text.lstrip().startswith("["):
        return None
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, list) else None
