"""Names of the columns of a model's reference, and of the rows of a window of predictions, which has the same and more.

Names of inputs and targets are letters, digits and underscores, a letter first (`sensorium.params`): none of them is
taken for what begins with an underscore, and none but `PRESENT`, which params.yaml may not use, for what begins a flag.
"""

from collections.abc import Iterable

from sensorium.modalities.modality import AXIS, PRESENCE

UNIT = "unit"  # of the reference: rows of one are not independent
PRESENT = "present"
SAID, CONFIDENCE = "said", "confidence"
_MARKS, _AXIS = "_mark.", f".{AXIS}."


def present(name: str) -> str:
    """Whether an input was there."""
    return f"{PRESENT}.{name}"


def descriptor(name: str, what: str) -> str:
    """What a person would say of an input."""
    return f"{name}.{what}"


def axis(name: str, number: int) -> str:
    """An input's features on a principal axis."""
    return f"{name}{_AXIS}{number}"


def mark(name: str) -> str:
    """The same for equal values of an input; of predictions only."""
    return f"{_MARKS}{name}"


def content(name: str) -> str:
    """Where an input is kept; of predictions only."""
    return f"_content.{name}"


def said(target: str) -> str:
    """The likeliest class."""
    return f"{target}.{SAID}"


def confidence(target: str) -> str:
    """The probability of the likeliest class."""
    return f"{target}.{CONFIDENCE}"


def label(target: str) -> str:
    """The true class; of the reference only."""
    return f"{target}.label"


def prediction(target: str, column: str) -> str:
    """A column of what is predicted, such as the probability of a class; in the reference's file only."""
    return f"{target}.{column}"


def is_axis(column: str) -> bool:
    """Whether it holds features on an axis."""
    return subject(column)[1].startswith(_AXIS[1:])


def subject(column: str) -> tuple[str, str]:
    """The input or target that a column is about, and what of it."""
    first, rest = column.split(".", 1)
    return (rest, PRESENCE) if first == PRESENT else (first, rest)


def inputs(columns: Iterable[object]) -> list[str]:
    """The inputs that are told to be there or not."""
    return [column.removeprefix(f"{PRESENT}.") for column in _beginning(f"{PRESENT}.", columns)]


def marks(columns: Iterable[object]) -> list[str]:
    """The columns of marks."""
    return _beginning(_MARKS, columns)


def of_input(name: str, columns: Iterable[object]) -> list[str]:
    """The columns of an input's descriptors and axes."""
    return _beginning(f"{name}.", columns)


def axes(name: str, columns: Iterable[object]) -> list[str]:
    """The columns of an input's axes."""
    return _beginning(f"{name}{_AXIS}", columns)


def descriptors(name: str, columns: Iterable[object]) -> list[str]:
    """The columns of an input's descriptors."""
    return [column for column in of_input(name, columns) if not column.startswith(f"{name}{_AXIS}")]


def _beginning(start: str, columns: Iterable[object]) -> list[str]:
    return [column for column in map(str, columns) if column.startswith(start)]
