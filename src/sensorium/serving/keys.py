"""API keys: only their hashes are known to the service, by name, from the environment.

``SENSORIUM_API_KEYS="alice:HASH,bob:HASH"``; taking a name out revokes its key. A key has 256 random bits, so that a
plain SHA-256 keeps it: nobody can guess what was hashed (a password would need a slow hash).
"""

import hashlib
import re
import secrets
from collections.abc import Mapping

from sensorium.errors import UserError

VARIABLE = "SENSORIUM_API_KEYS"
PREFIX = "sk_"  # lets scanners of leaked secrets find one
NAME = r"[A-Za-z0-9._-]{1,64}"
ENTRY = re.compile(rf"(?P<name>{NAME}):(?P<hash>[0-9a-f]{{64}})")


def make() -> str:
    """A new key."""
    return PREFIX + secrets.token_urlsafe(32)


def digest(key: str) -> str:
    """What is kept of a key."""
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()


def read(environment: Mapping[str, str]) -> dict[str, str]:
    """Names by the hash of their key; none where the variable is not set.

    Raises:
        UserError: if an entry is none, or a name is given twice.
    """
    names: dict[str, str] = {}
    for entry in re.split(r"[\s,]+", environment.get(VARIABLE, "").strip()):
        if not entry:
            continue
        found = ENTRY.fullmatch(entry)
        if not found:
            raise UserError(f"{VARIABLE}: an entry is not NAME:HASH; `sensorium key NAME` makes a key and its entry.")
        if found["name"] in names.values():
            raise UserError(f"{VARIABLE}: the name {found['name']!r} is given twice; each key has one of its own.")
        if found["hash"] in names:
            raise UserError(
                f"{VARIABLE}: {names[found['hash']]!r} and {found['name']!r} have the same key; give each one."
            )
        names[found["hash"]] = found["name"]
    return names
