"""Numbers in tables and in the log."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, get_args

import numpy as np
from pydantic import Field, FiniteFloat

from sensorium.stats.statistics import Kind
from sensorium.targets.number.state import Scaled, shortened
from sensorium.targets.recording import Recording

Predicted = Literal["value", "low", "high"]  # what the log has of a prediction
PREDICTED = get_args(Predicted)


class NumberRecording(Scaled, Recording):
    """The number and the ends of its interval."""

    line: ClassVar[dict[str, Any]] = {
        "numbers": Annotated[dict[Predicted, FiniteFloat], Field(min_length=len(PREDICTED))]
    }
    called: ClassVar[Mapping[str, str]] = {"width": "the width of the interval"}
    drifts: ClassVar[dict[str, Kind]] = {"value": Kind.NUMBER, "width": Kind.NUMBER}
    promised: ClassVar[str] = ""

    @property
    def columns(self) -> list[str]:
        return ["predicted", "low", "high"]

    def rounded(self, cells: np.ndarray) -> np.ndarray:
        return np.array([shortened(number) for number in cells], float)

    def logged(self, predictions: np.ndarray) -> dict[str, np.ndarray]:
        """The number, and how wide its interval is: of numbers as long as in the log, or equal ones would differ."""
        number, low, high = map(self.rounded, predictions.T)
        return {"value": number, "width": high - low}

    def remembered(self, prediction: np.ndarray) -> list[float]:
        """The number and its interval."""
        return [float(one) for one in prediction]

    def recorded(self, prediction: np.ndarray) -> dict[str, Any]:
        return {"numbers": dict(zip(PREDICTED, map(shortened, prediction), strict=True))}

    @classmethod
    def recalled(cls, line: Mapping[str, Any], name: str) -> list[float]:
        return [line["numbers"][name][one] for one in PREDICTED]

    @classmethod
    def compared_of(cls, line: Mapping[str, Any], name: str) -> dict[str, Any]:
        number, low, high = cls.recalled(line, name)
        return {"value": number, "width": high - low}

    @classmethod
    def traced(cls, line: Mapping[str, Any], name: str) -> tuple[str, str]:
        number, low, high = cls.recalled(line, name)
        return f"{number:.4g}", f"{low:.4g} to {high:.4g}"

    def counted_as(self, prediction: np.ndarray) -> str:
        """All alike: each number would be a label of its own."""
        return "number"

    def confidence(self, prediction: np.ndarray) -> float | None:
        return None
