"""Where a long sequence is cut into pieces, so that what comes or goes changes the piece that it is in, no more."""

from collections.abc import Iterable, Iterator
from hashlib import blake2b

FEWEST, MORE, MOST = 64, 128, 256  # values of a piece: at least, on the average beyond that, at most
BYTES, MOST_BYTES = 16 * 2**20, 64 * 2**20  # of large values likewise


class Cutter:
    """Cuts behind values that their own names choose, not their numbers: so the same values are in the same pieces."""

    def __init__(self) -> None:
        self._values = self._bytes = 0

    def cuts_behind(self, name: str, size: int = 0) -> bool:
        """Whether a piece ends with the value that comes next.

        Args:
            name: of the value, of which there are few alike.
            size: its bytes.
        """
        self._values += 1
        self._bytes += size
        is_enough = self._values >= FEWEST or self._bytes >= BYTES
        is_full = self._values == MOST or self._bytes >= MOST_BYTES
        if not is_full and not (is_enough and _share(name) < max(1 / MORE, size / BYTES)):
            return False
        self._values = self._bytes = 0
        return True


def pieces(names: Iterable[str]) -> Iterator[slice]:
    """The pieces of a sequence of values with these names."""
    cutter, start, end = Cutter(), 0, 0
    for end, name in enumerate(names, 1):
        if cutter.cuts_behind(name):
            yield slice(start, end)
            start = end
    if start < end:
        yield slice(start, end)


def _share(name: str) -> float:
    """A number from 0 to 1 by a name: evenly spread, the same everywhere."""
    digest = blake2b(name.encode(), digest_size=7).digest()
    return int.from_bytes(digest) / 2**56
