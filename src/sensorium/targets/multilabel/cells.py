"""The tags in a cell of a table, and in a label that a person sends."""

import json
from collections.abc import Iterable
from typing import Any

from sensorium.errors import BadInput, Cause
from sensorium.spelling import spelled

LONGEST_TAG = 200  # letters
MOST_TAGS = 1000  # of a row


def tags_in(cell: Any, separator: str = "") -> list[str]:
    """The tags in a cell that is not missing: each once, as it is spelled, in alphabetical order.

    Args:
        cell: a list, a text that is a JSON list, or tags with a separator between them.
        separator: without one a text must be a JSON list.

    Raises:
        BadInput: if a list holds something else than texts, numbers and flags.
    """
    found = cell if isinstance(cell, list) else _listed(str(cell))
    if found is None:
        if not separator:
            raise BadInput("a list of tags is expected")
        found = str(cell).split(separator)
    if len(found) > MOST_TAGS:
        raise BadInput(f"{len(found):,} tags are too many: at most {MOST_TAGS:,} are read")
    if any(isinstance(one, list | dict) for one in found):
        what, mend = "holds a list or an object within the list", "write one list of texts"
        raise BadInput(f"{str(cell)[:40]!r} {what}: {mend}", Cause("a cell", what, str(cell), mend))
    return sorted({tag for one in found if one is not None and (tag := spelled(one))})


def as_text(tags: Iterable[str]) -> str:
    """Tags as prepared rows, tables and the log's comparisons have them: equal sets are equal texts."""
    return json.dumps(sorted(tags), ensure_ascii=False)


def _listed(text: str) -> list[Any] | None:
    if not text.lstrip().startswith("["):
        return None
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, list) else None
