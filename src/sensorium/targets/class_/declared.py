"""One of several classes."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from sensorium.errors import BadInput
from sensorium.numerals import numbers_in
from sensorium.targets.class_.learnt import LearntClass
from sensorium.targets.learnt import Learnt
from sensorium.targets.target import Sum, Target

if TYPE_CHECKING:
    import pandas as pd

FEW, MANY = 10, 30  # classes


class Class(Target):
    """What is predicted: one of several classes."""

    kind: Literal["class"] = "class"
    balance: float = Field(
        0.0,
        ge=0,
        le=1,
        description="how far rare classes count as much as frequent ones: 0 not at all, 1 each as much as the others",
        exclude_if=lambda balance: balance == 0,
    )
    focal: float = Field(
        0.0,
        ge=0,
        le=10,
        description="gamma of the focal loss: how much less rows count that are learnt already; 0 is cross-entropy",
        exclude_if=lambda focal: focal == 0,
    )

    tally: ClassVar[str] = "classes"
    counts_rows: ClassVar[bool] = True
    learnt: ClassVar[type[Learnt]] = LearntClass

    def parse(self, cell: Any) -> Any:
        return cell

    def problems(self, cells: "pd.Series", sound: np.ndarray, enough: int) -> list[BadInput | None]:
        """Classes with too few sound rows cannot be learnt."""
        known = set(_frequent(cells[sound], enough))

        def problem(label: Any) -> BadInput | None:
            return None if label in known else BadInput(f"fewer than {enough} rows are of class {label!r}")

        return [None if missing else problem(cell) for cell, missing in zip(cells, cells.isna(), strict=True)]

    def sums(self, name: str, cells: "pd.Series", enough: int) -> list[Sum] | None:
        counts = cells.dropna().value_counts(sort=False)
        rare = {str(label): int(count) for label, count in counts.items() if count < enough}
        if not rare:
            return []
        number = "1 class has" if len(rare) == 1 else f"{len(rare):,} classes have"
        return [Sum(sum(rare.values()), f"{number} fewer than {enough} rows of target {name},", [*rare])]

    def doubts(self, cells: Sequence[Any], missing: int = 0) -> Iterator[str]:
        """Labels that look like amounts, or like names of single rows."""
        values = len(set(cells))
        are_single = values > FEW and 2 * values > len(cells)
        if len(numbers_in(cells)) > 0.9 * len(cells) and (values > MANY or are_single):
            yield (
                f"{values:,} classes in {len(cells):,} rows, and they are numbers: if these are amounts, each is "
                "learnt as a class of its own; `kind: number` predicts amounts"
            )
        elif are_single:
            yield f"{values:,} classes in {len(cells):,} rows: they look like names or texts, which cannot be learnt"

    def learnable(self, cells: "pd.Series", enough: int) -> int:
        return len(_frequent(cells, enough))

    def nothing_to_learn(self, cells: "pd.Series", enough: int) -> str:
        counts = cells.value_counts()
        if len(counts) < 2:
            found = f"all rows are of class {counts.index[0]!r}" if len(counts) else "no row has a label"
            found += ", so there is nothing to learn"
        else:
            frequent = self.learnable(cells, enough) or "none"
            found = f"{len(counts):,} classes in {counts.sum():,} rows, {frequent} of them in {enough} or more"
            if 2 * len(counts) > counts.sum() == len(numbers_in(cells)):
                found += ", and they are numbers: `kind: number` predicts amounts"
        return f"{found}; at least two classes of {enough} rows are needed"

    def count(self, cells: "pd.Series") -> dict[str, int | float]:
        return {str(name): int(count) for name, count in cells.value_counts().sort_index().items()}

    def strata(self, values: "pd.Series") -> "pd.Series":
        return values

    def learn(self, values: "pd.Series", training: np.ndarray) -> LearntClass:
        """Their names in alphabetical order, each that of a training row; how frequent they are where that matters."""
        names = tuple(sorted(values.dropna().unique()))
        if not self.balance and not self.focal:
            return LearntClass(names, self.weight)
        counts = values[training].value_counts().reindex(names).fillna(0).clip(lower=1)
        frequencies = tuple((counts / counts.sum()).tolist())
        return LearntClass(names, self.weight, balance=self.balance, focal=self.focal, frequencies=frequencies)


def _frequent(labels: "pd.Series", enough: int) -> list[Any]:
    """The classes with enough rows."""
    counts = labels.value_counts()
    return sorted(counts.index[counts >= enough])
