"""Classes in tables and in the log."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

import numpy as np
from pydantic import Field

from sensorium.spelling import spelled
from sensorium.stats.statistics import Kind
from sensorium.targets.class_.state import Classes
from sensorium.targets.recording import Recording

LOGGED_DIGITS = 4  # of a probability


class ClassRecording(Classes, Recording):
    """The class that is answered, and all probabilities."""

    line: ClassVar[dict[str, Any]] = {"labels": str, "probabilities": Annotated[dict[str, float], Field(min_length=1)]}
    drifts: ClassVar[dict[str, Kind]] = {"predicted": Kind.CATEGORY, "confidence": Kind.NUMBER}
    promised: ClassVar[str] = "confidence"

    @property
    def columns(self) -> list[str]:
        return [f"probability.{name}" for name in self.classes]

    def cells(self, predictions: np.ndarray) -> dict[str, np.ndarray]:
        """The class that is answered as well."""
        answered = np.array(self.classes, dtype=object)[self.decide(predictions)]
        return {"predicted": answered, **super().cells(predictions)}

    def logged(self, predictions: np.ndarray) -> dict[str, np.ndarray]:
        """The class that is answered and its probability: nearly certain answers are equal in the log, and so here."""
        decided = self.decide(predictions)
        return {
            "predicted": np.array(self.classes, dtype=object)[decided],
            "confidence": self.confidence_in(predictions, decided).round(LOGGED_DIGITS),
        }

    def remembered(self, prediction: np.ndarray) -> str:
        """The class that is answered."""
        return self.classes[int(self.decide(prediction))]

    def recorded(self, prediction: np.ndarray) -> dict[str, Any]:
        chances = [round(float(chance), LOGGED_DIGITS) for chance in prediction]
        return {"labels": self.remembered(prediction), "probabilities": dict(zip(self.classes, chances, strict=True))}

    @classmethod
    def recalled(cls, line: Mapping[str, Any], name: str) -> str:
        return spelled(line["labels"][name])

    @classmethod
    def compared_of(cls, line: Mapping[str, Any], name: str) -> dict[str, Any]:
        return {"predicted": line["labels"][name], "confidence": _confidence(line, name)}

    @classmethod
    def traced(cls, line: Mapping[str, Any], name: str) -> tuple[str, str]:
        return line["labels"][name], f"{_confidence(line, name):.0%}"

    def counted_as(self, prediction: np.ndarray) -> str:
        return self.remembered(prediction)

    def confidence(self, prediction: np.ndarray) -> float | None:
        return float(self.confidence_in(prediction, self.decide(prediction)))


def _confidence(line: Mapping[str, Any], name: str) -> float:
    """The probability of the class that was answered."""
    return line["probabilities"][name][line["labels"][name]]
