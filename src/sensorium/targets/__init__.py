"""The kinds of target, a folder each. Adding a kind is adding a folder and naming its class here."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, get_args

from pydantic import BeforeValidator, Field

from sensorium.targets.class_ import Class, LearntClass
from sensorium.targets.judging import Features, Figures, Judged
from sensorium.targets.learning import CalibrationRows
from sensorium.targets.learnt import Learnt
from sensorium.targets.multilabel import LearntMultilabel, Multilabel
from sensorium.targets.number import LearntNumber, Number
from sensorium.targets.showing import Printed, TestRows
from sensorium.targets.target import Target

QUALITY = "quality"  # what scores of several kinds are called
FIRST = "class"  # the kind where none is given, as when there was no other


def _with_kind(content: Any) -> Any:
    return {"kind": FIRST, **content} if isinstance(content, dict) else content


OneOf = Annotated[Class | Multilabel | Number, Field(discriminator="kind")]
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


def scored_by(kinds: Iterable[type[Learnt] | Learnt]) -> str:
    """What the scores of targets are called together: ``accuracy`` where all are classes."""
    found = {kind.words.gained for kind in kinds}
    return found.pop() if len(found) == 1 else QUALITY


def logged_in(line: Mapping[str, Any]) -> Iterator[tuple[str, type[Learnt]]]:
    """The targets that a line of the log has predictions of, each with the learnt half of its kind."""
    for kind in KINDS.values():
        first, *_ = kind.learnt.line
        yield from ((name, kind.learnt) for name in line.get(first, {}))


__all__ = [
    "FIRST",
    "KINDS",
    "QUALITY",
    "CalibrationRows",
    "Class",
    "Features",
    "Figures",
    "Judged",
    "Learnt",
    "LearntClass",
    "LearntMultilabel",
    "LearntNumber",
    "Multilabel",
    "Number",
    "Printed",
    "Target",
    "TargetOfKind",
    "TestRows",
    "kind_of",
    "learnt",
    "logged_in",
    "scored_by",
]
