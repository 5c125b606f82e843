"""Channels of a series, which of them are wanted, and which of a file's are those."""

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from sensorium.errors import BadInput

MOST_NAMES = 1000  # channels that a file may have, of which some are read
SHOWN, LETTERS = 8, 40  # names of channels in a sentence, and letters of one
GAPS = ("", "nan", "null", "none", "na", "n/a", "?")  # in small letters: nothing was measured
LEAST_RATE, MOST_RATE = 1e-6, 1e7  # Hz


class Channel(NamedTuple):
    """One channel.

    Attributes:
        name: empty where the file has none.
        samples: float64.
        rate: Hz, or 0.
    """

    name: str
    samples: np.ndarray
    rate: float


class Wanted(NamedTuple):
    """What is to be read of a file.

    Attributes:
        channels: names of the channels; of one or none any file with so many channels will do.
        rate: Hz of files that do not tell theirs.
        samples: of each channel at that rate, at most.
    """

    channels: Sequence[str]
    rate: float
    samples: int

    @property
    def number(self) -> int:
        """Of channels."""
        return max(1, len(self.channels))

    def of_rate(self, rate: float) -> int:
        """Samples that are read at the rate of a file."""
        if not LEAST_RATE <= rate <= MOST_RATE:
            raise BadInput(f"a sampling rate of {rate:g} Hz is not read")
        return math.ceil(self.samples * rate / self.rate) + 1


def chosen(found: Sequence[Channel], wanted: Wanted) -> list[Channel]:
    """The wanted ones: by their names where the file has these names, else all, if they are so many.

    Raises:
        BadInput: if they are not there.
    """
    by_name = {one.name.strip(): one for one in found if one.name}
    names = [name.strip() for name in wanted.channels]
    if names and by_name:
        if missing := [name for name in names if name not in by_name]:
            raise BadInput(f"the file has no channel {missing[0]!r}; it has {listed(by_name)}")
        return [by_name[name] for name in names]
    if len(found) != wanted.number:
        held = f"{len(found)} channel{'s' * (len(found) != 1)}{f' ({listed(by_name)})' if by_name else ''}"
        raise BadInput(
            f"the file has {held} where {wanted.number} {'is' if wanted.number == 1 else 'are'} expected; `channels` "
            "names those to be read"
        )
    return list(found)


def listed(names: Iterable[str]) -> str:
    """Some of the names, each as far as it is short."""
    shown = [repr(name[:LETTERS]) for name in names]
    return ", ".join(shown[:SHOWN]) + (f" and {len(shown) - SHOWN} more" if len(shown) > SHOWN else "")
