"""What a source of rows must answer for."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sensorium.media import MediaWriter
from sensorium.modalities import Modality
from sensorium.section import Section

if TYPE_CHECKING:  # half the time that `sensorium source` would take, which `dvc repro` always runs
    import pandas as pd


@dataclass(frozen=True)
class OwnFiles:
    """Files of the user's that are no text for git.

    Attributes:
        folder: that of the table.
        media: that rows name, below it.
        tables: in it, if they are large or no text.
    """

    folder: Path
    media: Sequence[Path]
    tables: Sequence[Path]


class Source(Section, ABC):
    """Where rows come from, as ``data`` in params.yaml declares it."""

    source: str

    @property
    def published_as(self) -> str:
        """What people call the rows, where everybody may see them; empty for somebody's own."""
        return ""

    def fetch(self) -> None:
        """Brings what the source needs from outside, once.

        Raises:
            UserError: if it cannot be had.
        """

    @abstractmethod
    def read(self, inputs: Mapping[str, Modality], media: MediaWriter) -> "pd.DataFrame":
        """Reads all rows and keeps the media they name.

        Args:
            inputs: the inputs that will be read from the rows.
            media: gets the files, in the order in which rows name them, as cells of the table call them.

        Returns:
            A row per sample with ``id``, a column per input and target, and whatever else the source carries.

        Raises:
            UserError: if the source as a whole cannot be read. A row that is wrong is left for validation to reject.
        """

    @abstractmethod
    def made_of(self, inputs: Mapping[str, Modality]) -> dict[str, Any]:
        """What `read` would read now: as JSON that is the same for the same content on every machine.

        Raises:
            NotHere: if the source is not here, and cannot be had.
            UserError: if it cannot be read.
        """

    def own_files(self, inputs: Mapping[str, Modality], table: "pd.DataFrame") -> OwnFiles | None:
        """The user's own files behind the rows; ``None`` where the data is fetched, or the table is gone since.

        Args:
            inputs: as for `read`.
            table: with the source's rows; those of others name files that are not there.
        """
        return None
