"""The kinds of target, one file each. Adding a kind is adding a file and naming its class here."""

from typing import Annotated, Any, get_args

from pydantic import BeforeValidator, Field

from sensorium.targets.class_ import Class
from sensorium.targets.number import Number
from sensorium.targets.target import Target

FIRST = "class"  # the kind where none is given, as when there was no other


def _with_kind(content: Any) -> Any:
    return {"kind": FIRST, **content} if isinstance(content, dict) else content


OneOf = Annotated[Class | Number, Field(discriminator="kind")]
TargetOfKind = Annotated[OneOf, BeforeValidator(_with_kind)]
KINDS: dict[str, type[Target]] = {one.model_fields["kind"].default: one for one in get_args(get_args(OneOf)[0])}

__all__ = ["KINDS", "Class", "Number", "Target", "TargetOfKind"]
