"""Who does the work on pieces, a kind a file. Adding a kind is adding a file and naming its class here."""

from typing import Annotated

from pydantic import Field

from sensorium.engine.dask import Dask
from sensorium.engine.engine import Engine
from sensorium.engine.local import Local

EngineOfKind = Annotated[Local | Dask, Field(discriminator="kind")]
HERE = Local()

__all__ = ["HERE", "Dask", "Engine", "EngineOfKind", "Local"]
