"""Objects of JSON in which no key is there twice."""

from typing import Any

from sensorium.errors import BadInput


def unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON; of a key that is there twice nobody knows which one was meant.

    Raises:
        BadInput: if one is.
    """
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise BadInput(f"{key[:40]!r} is given more than once")
        found[key] = value
    return found
