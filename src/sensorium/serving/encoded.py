"""Bytes and texts as clients wrap them: base64 in its variants, and charsets."""

import base64
import binascii
import codecs
import re
import string
from urllib.parse import unquote

from sensorium.serving.refusal import Refused

SHORTEST = 32  # characters; no file is as small, but a path may be, and it may look like base64 without padding
MOST_PADDING = 2
DATA = re.compile(r"\s*data:[^,]*;\s*base64\s*,", re.IGNORECASE)
ALPHABET, WHITESPACE = bytes.maketrans(b"-_", b"+/"), string.whitespace.encode()
PLAIN = ("utf-8", "ascii")  # as Python's codecs are called
CHARSETS = (*PLAIN, "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be", "iso8859-1", "cp1252")


def from_base64(text: str) -> bytes | None:
    """What base64 stands for, of either alphabet, in lines or not, padded or not, in a data: URL or not.

    Returns:
        Nothing if it is no base64.
    """
    if prefix := DATA.match(text):
        text = unquote(text[prefix.end() :])
    if not text.isascii():
        return None
    letters = text.encode().translate(ALPHABET, WHITESPACE)  # of bytes and at once: a file has millions
    bare = letters.rstrip(b"=")
    if len(letters) - len(bare) > MOST_PADDING or (letters == bare and len(bare) % 4 and len(bare) < SHORTEST):
        return None
    try:
        return base64.b64decode(bare + b"=" * (-len(bare) % 4), validate=True)
    except binascii.Error:
        return None


def charset_of(name: str) -> str:
    """The charset that a header names; UTF-8 where it names none.

    Raises:
        Refused: if it is not read.
    """
    try:
        found = codecs.lookup(name.strip() or "utf-8").name
    except (LookupError, ValueError):  # the second for names with a null in them
        found = ""
    if found not in CHARSETS:
        raise Refused(415, f"charset={name[:40]} is not read; send UTF-8")
    return found


def decoded(raw: bytes, charset: str) -> bytes | str:
    """A text in a charset; UTF-8 is left to whoever reads it.

    Raises:
        Refused: if it is in another charset than it says.
    """
    if charset in PLAIN:
        return raw
    try:
        return raw.decode(charset)
    except UnicodeError as error:
        raise Refused(400, f"the text is not in the charset {charset} that its header names") from error
