"""The kinds of input, one file each. Adding a kind is adding a file and naming its class in `KINDS`."""

from functools import cache
from typing import Annotated, Any, Union

from pydantic import Field, GetCoreSchemaHandler, GetJsonSchemaHandler, TypeAdapter
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from sensorium.modalities.audio import Audio
from sensorium.modalities.image import Image
from sensorium.modalities.modality import Modality
from sensorium.modalities.signal import Signal
from sensorium.modalities.tabular import Tabular
from sensorium.modalities.text import Text
from sensorium.modalities.video import Video

KINDS: dict[str, type[Modality]] = {
    kind.model_fields["kind"].default: kind for kind in (Text, Image, Audio, Video, Signal, Tabular)
}


@cache
def _union(kinds: tuple[type[Modality], ...]) -> TypeAdapter[Modality]:
    chosen: Any = Annotated[Union[kinds], Field(discriminator="kind")]  # noqa: UP007 - of a tuple
    return TypeAdapter(chosen)


def declared(content: Any) -> Modality:
    """The input that keys declare, whose ``kind`` is one of those in `KINDS` now.

    Raises:
        ValidationError: if they declare none.
    """
    return _union(tuple(KINDS.values())).validate_python(content)


class _OfKind:
    """Has pydantic ask `declared`: a union that was written down would be a second list of the kinds."""

    def __get_pydantic_core_schema__(self, _: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(declared)

    def __get_pydantic_json_schema__(self, _: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return handler(_union(tuple(KINDS.values())).core_schema)


Input = Annotated[Modality, _OfKind()]

__all__ = ["KINDS", "Audio", "Image", "Input", "Modality", "Signal", "Tabular", "Text", "Video", "declared"]
