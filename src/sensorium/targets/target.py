"""What a kind of target must answer for; each kind is one file beside this one.

It has two halves. A `Target` is what params.yaml declares: it is asked while data is made. A `Learnt` (beside, in
learnt.py) is what training rows taught of it: it travels with the model as JSON, and needs no torch but to train.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from pydantic import Field

from sensorium.errors import BadInput
from sensorium.section import Column, Section
from sensorium.targets.learnt import Learnt

if TYPE_CHECKING:  # what is served needs none of it
    import pandas as pd


@dataclass(frozen=True)
class Sum:
    """What many cells of a target have in common that cannot be used.

    Attributes:
        cells: how many.
        words: what, as the beginning of a sentence that goes on ``in 3 of 60 rows``.
        examples: some of the cells.
    """

    cells: int
    words: str
    examples: Sequence[str]


class Target(Section, ABC):
    """A target as params.yaml declares it (the fields), and what its kind says of the data (the methods).

    Attributes:
        tally: the key in metrics/validate.json under which `count` is kept.
        counts_rows: whether `count` gives rows by name.
        learnt: the other half's class.
    """

    kind: str
    column: Column | None = Field(
        None,
        description="the column that its labels stand in; the target's own name where it is not given",
        exclude_if=lambda column: column is None,
    )
    weight: float = Field(
        1.0,
        gt=0,
        allow_inf_nan=False,
        description="how much its loss counts beside those of other targets",
        exclude_if=lambda weight: weight == 1,
    )

    tally: ClassVar[str]
    counts_rows: ClassVar[bool]
    learnt: ClassVar[type[Learnt]]

    @abstractmethod
    def parse(self, cell: Any) -> Any:
        """The value in a cell that is not missing.

        Raises:
            BadInput: if there is none.
        """

    def problems(self, cells: "pd.Series", sound: np.ndarray, enough: int) -> list[BadInput | None]:
        """What is wrong with each cell; ``None`` where nothing is, or where it is missing.

        Args:
            cells: of all rows.
            sound: whether a row can be used otherwise ``[rows]``.
            enough: rows that what is learnt by name must have.
        """
        return [None if missing else self._problem(cell) for cell, missing in zip(cells, cells.isna(), strict=True)]

    def _problem(self, cell: Any) -> BadInput | None:
        try:
            self.parse(cell)
        except BadInput as problem:
            return problem
        return None

    def sums(self, name: str, cells: "pd.Series", enough: int) -> list[Sum] | None:
        """What this kind says of all cells together that cannot be used; ``None`` where each says it of itself.

        Args:
            name: of the target.
            cells: of all rows.
            enough: as of `problems`.
        """
        return None

    @abstractmethod
    def doubts(self, cells: Sequence[Any], missing: int = 0) -> Iterator[str]:
        """What may be meant otherwise, a sentence each.

        Args:
            cells: of all rows that have one.
            missing: how many rows have none.
        """

    @abstractmethod
    def learnable(self, cells: "pd.Series", enough: int) -> int:
        """How many different values there are that can be learnt; it takes two."""

    @abstractmethod
    def nothing_to_learn(self, cells: "pd.Series", enough: int) -> str:
        """Why fewer than two values can be learnt, as a sentence without a full stop."""

    def column_of(self, cells: "pd.Series") -> "pd.Series":
        """The values of cells that can be used, as a column of prepared rows."""
        return cells

    @abstractmethod
    def count(self, cells: "pd.Series") -> dict[str, int | float]:
        """What a person wants to know of the cells that can be used."""

    @abstractmethod
    def strata(self, values: "pd.Series") -> "pd.Series":
        """By name the part of all values that each belongs to, which every split is to have some of; or null."""

    @abstractmethod
    def learn(self, values: "pd.Series", training: np.ndarray) -> Learnt:
        """What the training rows teach of this target.

        Args:
            values: of all prepared rows, or null.
            training: whether a row is one to train with ``[rows]``.
        """

    def unlearnt(self, values: "pd.Series", training: np.ndarray) -> list[str]:
        """By name what too few training rows have to be learnt, the commonest first.

        Args:
            values: as of `learn`.
            training: as of `learn`.
        """
        return []
