"""The kinds of input, one file each. Adding a kind is adding a file and naming its class here."""

from typing import Annotated, get_args

from pydantic import Field

from sensorium.modalities.audio import Audio
from sensorium.modalities.image import Image
from sensorium.modalities.modality import Modality
from sensorium.modalities.tabular import Tabular
from sensorium.modalities.text import Text

Input = Annotated[Text | Image | Audio | Tabular, Field(discriminator="kind")]
KINDS: tuple[str, ...] = tuple(one.model_fields["kind"].default for one in get_args(get_args(Input)[0]))

__all__ = ["KINDS", "Audio", "Image", "Input", "Modality", "Tabular", "Text"]
