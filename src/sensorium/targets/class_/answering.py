"""The answer is a label with the probabilities of all classes."""

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar

import numpy as np
from pydantic import Field
from typing_extensions import TypedDict  # typing's own is not read by pydantic before Python 3.12

from sensorium.errors import BadInput
from sensorium.spelling import spelled
from sensorium.stats.shapley import shapley
from sensorium.targets.answering import NUMBER, Answering, rounded, schema_of
from sensorium.targets.class_.state import Classes

LONGEST_LABEL = 200  # letters of one that a person sends


class Likely(TypedDict):
    """A class and its probability."""

    label: str
    probability: float


class ClassAnswer(TypedDict):
    """What the service answers."""

    label: str | None
    abstained: Annotated[bool, Field(description="too unsure for a label")]
    confidence: float
    top: list[Likely]
    probabilities: dict[str, float]


class ClassAnswering(Classes, Answering):
    """A label, unless the model is too unsure."""

    may_abstain: ClassVar[bool] = True

    def unknown(self, label: Any) -> list[str]:
        return [label] if label not in set(map(spelled, self.classes)) else []

    def abstains(self, prediction: np.ndarray, threshold: float) -> bool:
        return float(self.confidence_in(prediction, self.decide(prediction))) < threshold

    def answer(self, prediction: np.ndarray, threshold: float, top: int) -> ClassAnswer:
        """A label, unless the model is too unsure, and all probabilities."""
        likeliest, decided = np.argsort(-prediction, kind="stable"), self.decide(prediction)
        abstained = self.abstains(prediction, threshold)
        return {
            "label": None if abstained else self.classes[decided],
            "abstained": abstained,
            "confidence": rounded(prediction[decided]),
            "top": [
                {"label": self.classes[place], "probability": rounded(prediction[place])} for place in likeliest[:top]
            ],
            "probabilities": self._by_class(prediction),
        }

    def attribution(self, inputs: Sequence[str], predictions: np.ndarray) -> dict[str, Any]:
        """To the probability of each class."""
        values = shapley(predictions)
        contributions = {name: self._by_class(values[place]) for place, name in enumerate(inputs)}
        return {"base": self._by_class(predictions[0]), "attribution": contributions}

    def _by_class(self, numbers: np.ndarray) -> dict[str, float]:
        return {name: rounded(number) for name, number in zip(self.classes, numbers, strict=True)}

    def openapi(self) -> dict[str, Any]:
        names, schema = list(self.classes), schema_of(ClassAnswer)
        properties = schema["properties"]
        properties["label"] = {"type": ["string", "null"], "enum": [*names, None]}
        properties["top"]["items"]["properties"]["label"]["enum"] = names
        properties["probabilities"] = self.openapi_of_contribution()
        return schema

    def openapi_of_contribution(self) -> dict[str, Any]:
        names = list(self.classes)
        return {"type": "object", "required": names, "properties": dict.fromkeys(names, NUMBER)}

    def description(self, threshold: float) -> dict[str, Any]:
        about = f"{len(self.classes)} classes" + (f", a label from {threshold:.1%}" if threshold else "")
        return {"kind": "class", "about": about, "classes": list(self.classes), "abstain": threshold}

    def openapi_of_label(self) -> dict[str, Any]:
        return {"type": ["string", "number", "boolean"], "minLength": 1, "maxLength": LONGEST_LABEL}

    def example_label(self) -> Any:
        return self.classes[0]

    @classmethod
    def read_label(cls, label: Any) -> str:
        """Its spelling; a class that the model does not know is welcome, since that is news."""
        is_one = isinstance(label, str | int | float) and len(str(label)) <= LONGEST_LABEL
        if not is_one or not (name := spelled(label)):
            raise BadInput(f"a label of 1 to {LONGEST_LABEL} letters is expected")
        return name
