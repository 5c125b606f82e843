"""The kinds of input, one file each. Adding a kind is adding a file and naming its class here."""

from typing import Annotated

from pydantic import Field

from sensorium.modalities.audio import Audio
from sensorium.modalities.image import Image
from sensorium.modalities.modality import Modality
from sensorium.modalities.tabular import Tabular
from sensorium.modalities.text import Text

Input = Annotated[Text | Image | Audio | Tabular, Field(discriminator="kind")]

__all__ = ["Audio", "Image", "Input", "Modality", "Tabular", "Text"]
