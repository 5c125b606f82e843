"""A number: a price, a rating, a weight, of any scale."""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

import numpy as np

from sensorium.errors import BadInput, Cause
from sensorium.numerals import number_in, numbers_in
from sensorium.targets.scale import Scale
from sensorium.targets.target import CalibrationRows, Learnt, Target

if TYPE_CHECKING:
    import pandas as pd
    from torch import Tensor

LARGEST = 1e30  # whose squares can still be added up
FEW = 10  # different numbers
PARTS = 5  # of equal size, that every split has some of
COVERAGE = 0.9  # of intervals: the share that shall hold the truth
STRAIGHT = 0.1  # on the standardised scale: where the loss of an interval's end is not straight
FAR = 20.0  # times the distance of the quartiles that an outlier lies from the middle
MARKED = re.compile(r"[+-]?\d{1,3}([,' \u00a0\u202f_]\d{3})+([.]\d*)?|[+-]?\d+,\d+", re.ASCII)  # 1,234.5 and 12,5
WITH_UNIT = re.compile(r"[^\w.+-]*[+-]?[\d.]+\s*[^\d\s].*|[^\d\s]+\s*[+-]?[\d.]+", re.ASCII)  # 12 kg and $ 12


class Number(Target):
    """What is predicted: a number, with an interval that holds it nine times in ten."""

    kind: Literal["number"] = "number"

    tally: ClassVar[str] = "numbers"

    def parse(self, cell: Any) -> float:
        number = number_in(cell)
        if number is not None and abs(number) <= LARGEST:
            return number
        text, mend = str(cell), ""
        if number is not None or _is_infinite(text):
            what = f"is not within {LARGEST:g}, as a number must be that can be predicted"
        elif MARKED.fullmatch(text):
            what, mend = "has marks within its digits", "write 1234.5 for 1,234.5, and 12.5 for 12,5"
        elif WITH_UNIT.fullmatch(text):
            what, mend = "is more than a number", "write the number alone, all in one unit"
        else:
            what, mend = "is no number", "if these are names of classes, write `kind: class`"
        raise BadInput(f"{text[:40]!r} {what}{f': {mend}' if mend else ''}", Cause("a cell", what, text, mend))

    def doubts(self, cells: Sequence[Any]) -> Iterator[str]:
        """Few different numbers, which may be names of classes; and numbers far from all others."""
        numbers = np.array(numbers_in(cells))
        numbers = numbers[np.abs(numbers) <= LARGEST]
        different = len(np.unique(numbers))
        if 1 < different <= FEW and len(numbers) >= 10 * different:
            yield (
                f"only {different} different numbers in {len(numbers):,} rows: if they stand for classes, "
                "`kind: class` tells them apart"
            )
        if not len(numbers):
            return
        low, middle, high = np.quantile(numbers, [0.25, 0.5, 0.75])
        far = numbers[np.abs(numbers - middle) > FAR * (high - low)] if high > low else numbers[:0]
        if len(far) and len(far) <= len(numbers) / 100:
            most = far[np.abs(far - middle).argmax()]
            yield (
                f"{len(far):,} of {len(numbers):,} numbers lie far from all others, such as {most:g} where half are "
                f"from {low:g} to {high:g}: if they are mistakes, leave their cells empty"
            )

    def learnable(self, cells: "pd.Series", enough: int) -> int:
        return len(set(numbers_in(cells.dropna())))

    def nothing_to_learn(self, cells: "pd.Series", enough: int) -> str:
        numbers = numbers_in(cells.dropna())
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
        edges = np.unique(values.dropna().quantile(np.linspace(0, 1, PARTS + 1)))
        if len(edges) < 2:
            return values.map("{:g}".format, na_action="ignore").astype(object)
        names = np.array([f"{low:.9g} to {high:.9g}" for low, high in pairwise(edges)], object)
        part = np.clip(np.searchsorted(edges, values.to_numpy(float), side="left") - 1, 0, len(names) - 1)
        return values.astype(object).where(values.isna(), names[part])

    def learn(self, values: "pd.Series", training: np.ndarray) -> "LearntNumber":
        """The scale of the training rows' numbers."""
        numbers = values[training].dropna().to_numpy(float)
        spread = float(numbers.std())
        return LearntNumber(Scale.fit(numbers), float(np.median(numbers)), spread if spread > 0 else 1.0, self.weight)


@dataclass(frozen=True)
class LearntNumber(Learnt):
    """A number: outputs are it and the ends of its interval, standardised; a truth is a number, or not-a-number.

    What is predicted are the number and the ends of its interval in its own unit ``[rows, 3]``. The ends are quantiles
    that the network learns, moved by what rows that it was not fitted to demand (Romano et al. 2019, arXiv:1905.03222).

    Attributes:
        scale: on which it is learnt.
        median: of training rows.
        unit: the deviation of training rows, in its own unit.
        weight: see `Learnt`.
        margin: by which intervals are wider at both ends than the network says, standardised.
    """

    scale: Scale
    median: float
    unit: float
    weight: float = 1.0
    margin: float = 0.0

    @classmethod
    def of(cls, state: Any) -> Self:
        known = {name: state[name] for name in ("median", "unit", "weight", "margin")}
        return cls(scale=Scale.of(state["scale"]), **known)

    @property
    def state(self) -> Any:
        return {"kind": "number"} | vars(self) | {"scale": self.scale.state}

    @property
    def outputs(self) -> int:
        return 3

    def truth(self, values: "pd.Series") -> np.ndarray:
        return values.to_numpy(float)

    def known(self, truth: Any) -> Any:
        return truth == truth

    def strata(self, truth: np.ndarray) -> np.ndarray:
        """Fifths of the known numbers; -1 where none is known."""
        known = self.known(truth)
        edges = np.unique(np.quantile(truth[known], np.linspace(0, 1, PARTS + 1)[1:-1])) if known.any() else []
        return np.where(known, np.searchsorted(edges, truth), -1)

    def loss(self, outputs: "Tensor", truth: "Tensor", smoothing: float = 0.0) -> "Tensor":
        return self.losses(outputs[:, None], truth).mean()

    def losses(self, outputs: "Tensor", truth: "Tensor") -> "Tensor":
        """The squared error of the number, and what misses the quantiles that its interval ends at."""
        from torch import from_numpy
        from torch.nn.functional import softplus

        standard = self.scale.standardised(truth.cpu().numpy())
        wanted = from_numpy(standard).to(outputs)[:, None]
        found = (outputs[..., 0] - wanted) ** 2
        for place, share in ((1, (1 - COVERAGE) / 2), (2, (1 + COVERAGE) / 2)):
            miss = wanted - outputs[..., place]
            found = found + share * miss + STRAIGHT * softplus(-miss / STRAIGHT)
        return found

    def divergence(self, outputs: "Tensor", wanted: "Tensor") -> "Tensor":
        return ((outputs - wanted) ** 2).mean()

    def calibrated(self, asked: Sequence[CalibrationRows], weight: float) -> tuple["LearntNumber", np.ndarray]:
        """The margin with which intervals hold the truth of as many rows as they are to, if rows are as these are."""
        rows, nothing = asked[0], np.zeros(1 + asked[0].absent.shape[1])
        known = self.known(rows.truth)
        if not known.any():
            return replace(self, margin=0.0), nothing
        wanted = self.scale.standardised(rows.truth[known])
        _, low, high = _in_order(rows.outputs[known].astype(float))
        count = len(wanted)
        held = min(1.0, np.ceil((count + 1) * COVERAGE) / count)
        margin = np.quantile(np.maximum(low - wanted, wanted - high), held, method="higher")
        return replace(self, margin=float(margin)), nothing

    def predict(self, outputs: np.ndarray) -> np.ndarray:
        number, low, high = _in_order(outputs.astype(float))
        ends = np.minimum(low - self.margin, number), np.maximum(high + self.margin, number)
        return np.stack([self.scale.back(one) for one in (number, *ends)], axis=1)


def _in_order(outputs: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The number, the lower and the upper end ``[rows]``, which a network may have taken for each other."""
    return outputs[:, 0], outputs[:, 1:].min(1), outputs[:, 1:].max(1)


def _is_infinite(text: str) -> bool:
    """Whether a text is read as infinite, as `inf` and 1e400 are."""
    try:
        return math.isinf(float(text))
    except ValueError:
        return False


Number.learnt = LearntNumber
