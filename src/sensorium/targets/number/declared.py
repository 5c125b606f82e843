"""A number: a price, a rating, a weight, of any scale."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from sensorium.numerals import numbers_in
from sensorium.targets.learnt import Learnt
from sensorium.targets.number.cells import LARGEST, read_number
from sensorium.targets.number.learnt import LearntNumber
from sensorium.targets.number.parts import parts
from sensorium.targets.number.scale import Scale
from sensorium.targets.target import Target

if TYPE_CHECKING:
    import pandas as pd

FEW = 10  # different numbers
EXACT = 2**53  # up to here all whole numbers differ
FAR = 20.0  # times the distance of the quartiles that an outlier lies from the middle


class Number(Target):
    """What is predicted: a number, with an interval that holds it nine times in ten."""

    kind: Literal["number"] = "number"

    tally: ClassVar[str] = "numbers"
    counts_rows: ClassVar[bool] = False
    learnt: ClassVar[type[Learnt]] = LearntNumber

    def parse(self, cell: Any) -> float:
        return read_number(cell)

    def doubts(self, cells: Sequence[Any], missing: int = 0) -> Iterator[str]:
        """Few different numbers, which may be names of classes; very large ones; and those far from all others."""
        numbers = np.array(_numbers(cells))
        different = len(np.unique(numbers))
        if 1 < different <= FEW and len(numbers) >= 10 * different:
            yield (
                f"only {different} different numbers in {len(numbers):,} rows: if they stand for classes, "
                "`kind: class` tells them apart"
            )
        if not len(numbers):
            return
        if beyond := int((np.abs(numbers) > EXACT).sum()):
            yield (
                f"{beyond:,} of {len(numbers):,} numbers are larger than {EXACT:,}, where whole numbers are not told "
                "apart any more: if they are amounts, give them in a larger unit; ids cannot be learnt"
            )
        low, middle, high = np.quantile(numbers, [0.25, 0.5, 0.75])
        far = numbers[np.abs(numbers - middle) > FAR * (high - low)] if high > low else numbers[:0]
        if len(far) and len(far) <= len(numbers) / 100:
            most = far[np.abs(far - middle).argmax()]
            yield (
                f"{len(far):,} of {len(numbers):,} numbers lie far from all others, such as {most:g} where half are "
                f"from {low:g} to {high:g}: if they are mistakes, leave their cells empty"
            )

    def learnable(self, cells: "pd.Series", enough: int) -> int:
        return len(set(_numbers(cells.dropna())))

    def nothing_to_learn(self, cells: "pd.Series", enough: int) -> str:
        numbers = _numbers(cells.dropna())
        found = f"all numbers are {numbers[0]:g}" if numbers else "no row has a number"
        return f"{found}, so there is nothing to learn; at least two different numbers are needed"

    def column_of(self, cells: "pd.Series") -> "pd.Series":
        return cells.map(self.parse, na_action="ignore").astype(float)

    def count(self, cells: "pd.Series") -> dict[str, int | float]:
        numbers = self.column_of(cells).dropna()
        if numbers.empty:
            return {"rows": 0}
        names = {"least": 0, "quarter": 0.25, "median": 0.5, "three_quarters": 0.75, "most": 1}
        return {"rows": len(numbers)} | {name: float(numbers.quantile(q)) for name, q in names.items()}

    def strata(self, values: "pd.Series") -> "pd.Series":
        """Fifths of the numbers, such as ``10 to 20``."""
        return parts(values)

    def learn(self, values: "pd.Series", training: np.ndarray) -> LearntNumber:
        """The scale of the training rows' numbers."""
        numbers = values[training].dropna().to_numpy(float)
        spread = float(numbers.std())
        return LearntNumber(Scale.fit(numbers), float(np.median(numbers)), spread if spread > 0 else 1.0, self.weight)


def _numbers(cells: Iterable[Any]) -> list[float]:
    """The numbers that can be learnt from."""
    return [number for number in numbers_in(cells) if abs(number) <= LARGEST]
