"""Columns of a row as numbers between 0 and 1, by what training rows say of each column."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar

import numpy as np

from sensorium.encoders.encoder import Arrays, Encoder, Preprocess
from sensorium.encoders.identity import Identity

MOST_BINS = 16
ROWS_A_BIN = 40
MOST_NAMES, FEWEST_ROWS = 128, 5  # names of a column that the model holds; a rarer one may be about a single person
BEYOND = 1.0  # bins, by which a number outside those of training is told from the outermost of them
DAY, YEAR = 86_400.0, 365.2425
Numbers = list[float | None]


class LearntColumns(Preprocess):
    """Numbers and dates in pieces, categories and parts of dates one-hot.

    A number has a place for every bin between quantiles of the training rows: 1 where it lies above the bin, 0 where it
    lies below, and within the bin how far it has come (piecewise linear encoding, Gorishniy et al. 2022,
    arXiv:2203.05556). One more says whether it is known; one that is not known counts as the median. A category has a
    place for every name that enough training rows have, and one for all others; the projection behind is what learns
    an embedding of each. A date is the number of its day, its weekday, and its places in the year and in the day.
    """

    axes: ClassVar = {"columns": {0: "batch"}}

    def __call__(self, value: Mapping[str, Any]) -> Arrays:
        parts: list[float] = []
        for column in self.constants["numbers"]:
            parts += _pieces(column, value.get(column["column"]))
        for column in self.constants["dates"]:
            moment = value.get(column["column"])
            parts += _pieces(column, None if moment is None else days(moment))
            parts += [0.0] * 11 if moment is None else _parts(moment)
        for column in self.constants["categories"]:
            parts += _one_hot(column["names"], value.get(column["column"]))
        return {"columns": np.array([parts], dtype=np.float32)}


def columns(learnt: Mapping[str, Any]) -> Encoder:
    """The encoder of columns of which this was learnt: what `of_numbers` and `of_names` give, by sort of column."""
    return Encoder(LearntColumns(**learnt), Identity(), "columns 2")


def of_numbers(column: str, numbers: Numbers) -> dict[str, Any] | None:
    """What training rows teach of a column of numbers; ``None`` if it is the same in all of them.

    Args:
        column: its name.
        numbers: of every training row; ``None`` where one is missing.
    """
    if not numbers:  # nothing is known yet
        return {"column": column, "edges": [0.0, 1.0], "median": 0.0}
    known = np.array([number for number in numbers if number is not None], np.float64)
    bins = int(np.clip(len(known) // ROWS_A_BIN, 1, MOST_BINS))
    edges = np.unique(np.quantile(known, np.linspace(0, 1, bins + 1))) if len(known) else known
    if not len(known) or (len(edges) < 2 and len(known) == len(numbers)):
        return None
    return {"column": column, "edges": edges.tolist() if len(edges) > 1 else [], "median": float(np.median(known))}


def of_names(column: str, names: Sequence[str | None]) -> dict[str, Any] | None:
    """What training rows teach of a column of names; ``None`` if it is the same in all of them."""
    if len(set(names)) == 1:
        return None
    counts = Counter(name for name in names if name is not None)
    common = sorted(counts, key=lambda name: (-counts[name], name))[:MOST_NAMES]
    return {"column": column, "names": [name for name in common if counts[name] >= FEWEST_ROWS]}


def days(moment: str) -> float:
    """Days from the year 1970 to a date in ISO 8601."""
    return datetime.fromisoformat(moment).replace(tzinfo=UTC).timestamp() / DAY


def _pieces(column: Mapping[str, Any], number: float | None) -> list[float]:
    edges, known = column["edges"], 0.0 if number is None else 1.0
    if len(edges) < 2:
        return [known]
    place, last = column["median"] if number is None else number, len(edges) - 2
    at = min(max(bisect_right(edges, place) - 1, 0), last)
    come = (place - edges[at]) / (edges[at + 1] - edges[at])
    lowest, highest = -BEYOND if at == 0 else 0.0, 1 + BEYOND if at == last else 1.0
    return [1.0] * at + [min(max(come, lowest), highest)] + [0.0] * (last - at) + [known]


def _parts(moment: str) -> list[float]:
    read = datetime.fromisoformat(moment)
    weekday = [float(day == read.weekday()) for day in range(7)]
    of_year = (read.timetuple().tm_yday - 1) / YEAR
    of_day = (read.hour * 60 + read.minute) / 1440
    circles = [wave(2 * np.pi * share) for share in (of_year, of_day) for wave in (np.sin, np.cos)]
    return [*weekday, *map(float, circles)]


def _one_hot(names: Sequence[str], name: str | None) -> list[float]:
    places = [0.0] * (len(names) + 1)
    if name is not None:
        places[names.index(name) if name in names else len(names)] = 1.0
    return places
