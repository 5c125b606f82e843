"""key: makes an API key for the service."""

import re

from sensorium.errors import UserError
from sensorium.serving import keys


def run(name: str) -> None:
    """Prints a new key, and the entry by which the service knows it.

    Raises:
        UserError: if the name cannot stand in an entry.
    """
    if not re.fullmatch(keys.NAME, name):
        raise UserError(f"{name!r} cannot be the name of a key; letters, digits, '.', '_' and '-' can, up to 64.")
    key = keys.make()
    print(f"the key, for its owner; it is shown only now: {key}")
    print(f"the entry, for the service's {keys.VARIABLE} (several are parted by commas): {name}:{keys.digest(key)}")
