"""What people read in a terminal: somebody's words are shown there as they are, and cannot steer it."""

import sys
from typing import Any, TextIO

import rich.console
from rich.text import Text

_CONTROLS = (*range(9), *range(11, 32), *range(127, 160))  # all but the tab and the end of a line
_TURNS = (*range(0x202A, 0x202F), *range(0x2066, 0x206A))  # that let a line be read in another order
_SHOWN = {code: f"\\x{code:02x}" for code in _CONTROLS} | {code: f"\\u{code:04x}" for code in _TURNS}


def plain(words: str) -> str:
    """The words, with characters that would steer a terminal written as Python writes them."""
    return words.translate(_SHOWN)


def guard_stdout() -> None:
    """Makes all that is printed from now on plain; a `rich.console.Console`, which steers by right, is not held up."""
    sys.stdout = _Plain(sys.stdout)


class _Plain:
    """A stream of plain words."""

    def __init__(self, stream: TextIO) -> None:
        self.rich_proxied_file = stream  # where rich writes in place of this one

    def write(self, words: str) -> int:
        return self.rich_proxied_file.write(plain(words))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.rich_proxied_file, name)


class Console(rich.console.Console):
    """One of rich's whose texts are plain; markup in them is the caller's to escape."""

    def render_str(self, text: str, **how: Any) -> Text:
        """A text as rich lays it out."""
        return super().render_str(plain(text), **how)
