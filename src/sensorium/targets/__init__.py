"""The kinds of target, one file each. Adding a kind is adding a file and naming its class here."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, get_args

from pydantic import BeforeValidator, Field

from sensorium.targets.class_ import Class
from sensorium.targets.class_learnt import LearntClass
from sensorium.targets.learnt import CalibrationRows, Features, Figures, Judged, Learnt
from sensorium.targets.number import Number
from sensorium.targets.number_learnt import LearntNumber
from sensorium.targets.target import Target

FIRST = "class"  # the kind where none is given, as when there was no other


def _with_kind(content: Any) -> Any:
    return {"kind": FIRST, **content} if isinstance(content, dict) else content


OneOf = Annotated[Class | Number, Field(discriminator="kind")]
TargetOfKind = Annotated[OneOf, BeforeValidator(_with_kind)]
KINDS: dict[str, type[Target]] = {one.model_fields["kind"].default: one for one in get_args(get_args(OneOf)[0])}


def learnt(state: Any) -> Learnt:
    """The learnt half that gave a state; a list are names of classes, as when there was no other kind.

    Raises:
        KeyError, TypeError, ValueError: if none did.
    """
    found: Any = {"kind": FIRST, "classes": state, "weight": 1.0} if isinstance(state, list) else state
    return KINDS[found["kind"]].learnt.of(found)


def kind_of(figures: Mapping[str, Any]) -> type[Learnt]:
    """The learnt half of the kind whose figures these are."""
    return next(kind.learnt for kind in KINDS.values() if kind.learnt.main in figures)


def logged_in(line: Mapping[str, Any]) -> Iterator[tuple[str, type[Learnt]]]:
    """The targets that a line of the log has predictions of, each with the learnt half of its kind."""
    for kind in KINDS.values():
        first, *_ = kind.learnt.line
        yield from ((name, kind.learnt) for name in line.get(first, {}))


__all__ = [
    "KINDS",
    "CalibrationRows",
    "Class",
    "Features",
    "Figures",
    "Judged",
    "Learnt",
    "LearntClass",
    "LearntNumber",
    "Number",
    "Target",
    "TargetOfKind",
    "kind_of",
    "learnt",
    "logged_in",
]
