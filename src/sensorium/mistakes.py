"""What is wrong with a file of settings, in sentences."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails


def sentences(error: ValidationError, content: Mapping[str, Any]) -> Iterator[str]:
    """One sentence for every key that is wrong; the several ways to miss a union count once."""
    by_key: dict[str, list[ErrorDetails]] = {}
    for mistake in error.errors():
        by_key.setdefault(_key(mistake, content), []).append(mistake)
    for key, mistakes in by_key.items():
        yield f"{key}: {_sentence(mistakes)}." if key else f"{_sentence(mistakes)}."


def _key(mistake: ErrorDetails, content: Any) -> str:
    """``a.b[0].c`` for a place in the file; what pydantic adds for the members of unions is left out."""
    key = ""
    for part in mistake["loc"]:
        if isinstance(content, list) and isinstance(part, int):
            key += f"[{part}]"
            content = content[part]
        elif isinstance(content, Mapping) and (part in content or _is_missing(part, mistake)):
            key += f".{part}" if key else str(part)
            content = content.get(part)
    return key


def _is_missing(part: int | str, mistake: ErrorDetails) -> bool:
    return mistake["type"] == "missing" and part == mistake["loc"][-1]


def _sentence(mistakes: list[ErrorDetails]) -> str:
    """What was found and what is allowed."""
    first = mistakes[0]
    context = first.get("ctx", {})
    if own := [str(mistake["ctx"]["error"]) for mistake in mistakes if mistake["type"] == "value_error"]:
        return own[0]
    if first["type"] in ("model_type", "model_attributes_type", "dict_type"):
        return f"{first['input']!r} was found, where keys with values are expected"
    if first["type"] == "missing":
        return "missing, but needed"
    if first["type"] == "union_tag_invalid":
        return f"{context['discriminator']} {context['tag']!r} is not known; allowed: {context['expected_tags']}"
    if first["type"] == "union_tag_not_found":
        return f"{context['discriminator']} is missing, which says what this is"
    allowed = dict.fromkeys(mistake["msg"][:1].lower() + mistake["msg"][1:] for mistake in mistakes)
    return f"{first['input']!r} was found; {', or '.join(allowed)}"
