"""What a source of rows must answer for."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

import pandas as pd

from sensorium.modalities import Modality
from sensorium.section import Section


class Source(Section, ABC):
    """Where rows come from, as ``data`` in params.yaml declares it.

    Attributes:
        published_as: what people call the rows, where everybody may see them; empty for somebody's own.
    """

    source: str

    published_as: ClassVar[str] = ""

    def fetch(self) -> None:
        """Brings what the source needs from outside, once.

        Raises:
            UserError: if it cannot be had.
        """

    @abstractmethod
    def read(self, inputs: Mapping[str, Modality], folder: Path) -> pd.DataFrame:
        """Reads all rows and copies the media they name into ``folder``.

        Args:
            inputs: the inputs that will be read from the rows.
            folder: an empty folder; media cells of the table are relative to it.

        Returns:
            A row per sample with ``id``, a column per input and target, and whatever else the source carries.

        Raises:
            UserError: if the source as a whole cannot be read. A row that is wrong is left for validation to reject.
        """
