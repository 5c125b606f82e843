"""Inputs that are read from one cell of a row."""

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import Field

from sensorium.data_root import Files
from sensorium.modalities.modality import Modality
from sensorium.section import Column
from sensorium.spelling import is_missing


class Cell(Modality):
    """A value that stands in a cell, or in a file that the cell names."""

    column: Column | None = Field(
        None,
        description="the column that it is read from; the input's own name where it is not given",
        exclude_if=lambda column: column is None,
    )

    is_cell: ClassVar[bool] = True

    def columns(self, name: str) -> list[str]:
        return [name if self.column is None else self.column]

    def asked_as(self, name: str) -> str:
        return self.columns(name)[0]

    def raw(self, row: Mapping[str, Any], name: str, files: Files) -> Any | None:
        cell = row.get(self.columns(name)[0])
        if is_missing(cell):
            return None
        return files.read(cell, self.max_bytes) if self.is_file else cell

    def cells(self, name: str, kept: bytes) -> dict[str, Any]:
        return dict.fromkeys(self.columns(name), kept.decode("utf-8", errors="replace"))
