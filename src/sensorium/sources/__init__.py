"""Where rows come from, one file a source. Adding a source is adding a file and naming its class here."""

from typing import Annotated

from pydantic import Field

from sensorium.sources.manifest import Manifest
from sensorium.sources.source import Source
from sensorium.sources.tuxpaint import TuxPaint

Data = Annotated[TuxPaint | Manifest, Field(discriminator="source")]

__all__ = ["Data", "Manifest", "Source", "TuxPaint"]
