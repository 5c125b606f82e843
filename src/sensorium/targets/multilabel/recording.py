"""Tags in tables and in the log."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

import numpy as np
from pydantic import Field

from sensorium.stats.statistics import Kind
from sensorium.targets.multilabel.cells import as_text, tags_in
from sensorium.targets.multilabel.state import Tags
from sensorium.targets.recording import Recording

LOGGED_DIGITS = 4  # of a probability


class MultilabelRecording(Tags, Recording):
    """The tags that are said, how many they are, and how likely the likeliest tag is."""

    line: ClassVar[dict[str, Any]] = {
        "tags": list[str],
        "tag_probabilities": Annotated[dict[str, float], Field(min_length=1)],
    }
    drifts: ClassVar[dict[str, Kind]] = {"predicted": Kind.CATEGORY, "tags": Kind.NUMBER, "likeliest": Kind.NUMBER}
    label: ClassVar[Any] = list[str]
    called: ClassVar[Mapping[str, str]] = {"tags": "the number of tags", "likeliest": "the likeliest tag's probability"}
    promised: ClassVar[str] = ""

    @property
    def columns(self) -> list[str]:
        return [f"{what}.{tag}" for what in ("probability", "is") for tag in self.tags]

    def cells(self, predictions: np.ndarray) -> dict[str, np.ndarray]:
        """The tags that are said as well, as a JSON list."""
        return {"predicted": self._texts(predictions), **super().cells(predictions)}

    def _texts(self, predictions: np.ndarray) -> np.ndarray:
        return np.array([as_text(self.likely_tags(one)) for one in predictions], object)

    def logged(self, predictions: np.ndarray) -> dict[str, np.ndarray]:
        return {
            "predicted": self._texts(predictions),
            "tags": self.decisions(predictions).sum(1).astype(float),
            "likeliest": self.probabilities(predictions).max(1).round(LOGGED_DIGITS),
        }

    def remembered(self, prediction: np.ndarray) -> list[str]:
        return self.likely_tags(prediction)

    def recorded(self, prediction: np.ndarray) -> dict[str, Any]:
        chances = [round(float(chance), LOGGED_DIGITS) for chance in self.probabilities(prediction)]
        return {"tags": self.likely_tags(prediction), "tag_probabilities": dict(zip(self.tags, chances, strict=True))}

    @classmethod
    def recalled(cls, line: Mapping[str, Any], name: str) -> list[str]:
        return line["tags"][name]

    @classmethod
    def compared_of(cls, line: Mapping[str, Any], name: str) -> dict[str, Any]:
        tags = line["tags"][name]
        likeliest = max(line["tag_probabilities"][name].values())
        return {"predicted": as_text(tags), "tags": float(len(tags)), "likeliest": likeliest}

    @classmethod
    def traced(cls, line: Mapping[str, Any], name: str) -> tuple[str, str]:
        tags, probabilities = line["tags"][name], line["tag_probabilities"][name]
        if not tags:
            return cls.worded(tags), f"the likeliest {max(probabilities.values()):.0%}"
        return cls.worded(tags), ", ".join(f"{probabilities[tag]:.0%}" for tag in tags)

    @classmethod
    def worded(cls, value: Any) -> str:
        """Tags in a row."""
        return ", ".join(tags_in(value)) or "no tags"

    def counted_as(self, prediction: np.ndarray) -> str:
        """By their number: each set of tags would be a label of its own."""
        return f"{len(self.likely_tags(prediction))} tags"

    def confidence(self, prediction: np.ndarray) -> float | None:
        return None
