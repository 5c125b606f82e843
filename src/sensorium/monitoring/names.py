"""Names of the columns in the tables of monitoring: a model's reference, and a window of logged predictions.

Names of inputs and targets begin with a letter and have no dot (`sensorium.params`), so they never clash with names
that begin with an underscore. ``present``, which begins the names of flags, is a name that params.yaml may not use.
"""

from collections.abc import Iterable

from sensorium.modalities.descriptors import AXIS, PRESENCE
from sensorium.targets import Learnt

UNIT = "unit"  # column of the reference: rows of one unit are not independent
PRESENT = "present"
_HASHES, _AXIS = "_hash.", f".{AXIS}."


def present(name: str) -> str:
    """A flag: whether the row has an input."""
    return f"{PRESENT}.{name}"


def descriptor(name: str, what: str) -> str:
    """A descriptor of an input, such as its brightness."""
    return f"{name}.{what}"


def axis(name: str, number: int) -> str:
    """The coordinate of an input's features on a principal axis."""
    return f"{name}{_AXIS}{number}"


def value_hash(name: str) -> str:
    """The hash of an input's value; of logged predictions only."""
    return f"{_HASHES}{name}"


def kept_file(name: str) -> str:
    """The file in which the service kept an input; of logged predictions only."""
    return f"_content.{name}"


def answer(target: str, learnt: Learnt | type[Learnt]) -> str:
    """What is answered: the likeliest class, or a number."""
    first, *_ = learnt.drifts
    return prediction(target, first)


def label(target: str) -> str:
    """What is true; of the reference only."""
    return f"{target}.label"


def prediction(target: str, column: str) -> str:
    """A column of what is predicted, such as how sure that is; or, in the reference's file, a class's probability."""
    return f"{target}.{column}"


def is_axis(column: str) -> bool:
    """Whether a column holds coordinates on an axis."""
    return subject(column)[1].startswith(_AXIS[1:])


def subject(column: str) -> tuple[str, str]:
    """The input or target that a column is about, and which of its properties."""
    first, rest = column.split(".", 1)
    return (rest, PRESENCE) if first == PRESENT else (first, rest)


def inputs(columns: Iterable[object]) -> list[str]:
    """The inputs that have a flag of presence among the columns."""
    return [column.removeprefix(f"{PRESENT}.") for column in _beginning(f"{PRESENT}.", columns)]


def value_hashes(columns: Iterable[object]) -> list[str]:
    """The columns of hashes."""
    return _beginning(_HASHES, columns)


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
