"""The answer is the tags that are said, with the probabilities of all."""

from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np
from pydantic import Field
from typing_extensions import TypedDict  # typing's own is not read by pydantic before Python 3.12

from sensorium.errors import BadInput
from sensorium.stats.shapley import shapley
from sensorium.targets.answering import NUMBER, Answering, rounded, schema_of
from sensorium.targets.multilabel.cells import EXPECTED, LONGEST_TAG, MOST_TAGS, tags_in
from sensorium.targets.multilabel.state import Tags


class MultilabelAnswer(TypedDict):
    """What the service answers."""

    labels: Annotated[list[str], Field(description="the tags, the likeliest first; none if none is likely enough")]
    probabilities: dict[str, float]


class MultilabelAnswering(Tags, Answering):
    """Tags that are likely enough, each by its own threshold."""

    def unknown(self, label: Any) -> list[str]:
        return [tag for tag in tags_in(label) if tag not in self.tags]

    def answer(self, prediction: np.ndarray, threshold: float, top: int) -> MultilabelAnswer:
        probabilities = self._by_tag(self.probabilities(prediction))
        return {
            "labels": sorted(self.likely_tags(prediction), key=lambda tag: -probabilities[tag]),
            "probabilities": probabilities,
        }

    def attribution(self, inputs: Sequence[str], predictions: np.ndarray) -> dict[str, Any]:
        """To the probability of each tag."""
        probabilities = self.probabilities(predictions)
        values = shapley(probabilities)
        contributions = {name: self._by_tag(values[place]) for place, name in enumerate(inputs)}
        return {"base": self._by_tag(probabilities[0]), "attribution": contributions}

    def _by_tag(self, numbers: np.ndarray) -> dict[str, float]:
        return {tag: rounded(number) for tag, number in zip(self.tags, numbers, strict=True)}

    def openapi(self) -> dict[str, Any]:
        schema = schema_of(MultilabelAnswer)
        schema["properties"]["labels"] |= {"items": {"type": "string", "enum": list(self.tags)}}
        schema["properties"]["probabilities"] = self.openapi_of_contribution()
        return schema

    def openapi_of_contribution(self) -> dict[str, Any]:
        tags = list(self.tags)
        return {"type": "object", "required": tags, "properties": dict.fromkeys(tags, NUMBER)}

    def description(self, threshold: float) -> dict[str, Any]:
        thresholds = dict(zip(self.tags, map(rounded, self.thresholds), strict=True))
        about = f"any of {len(self.tags)} tags"
        return {"kind": "multilabel", "about": about, "tags": list(self.tags), "thresholds": thresholds}

    def openapi_of_label(self) -> dict[str, Any]:
        tag = {"type": "string", "minLength": 1, "maxLength": LONGEST_TAG}
        return {"type": "array", "maxItems": MOST_TAGS, "items": tag}

    def example_label(self) -> Any:
        return list(self.tags[:2])

    @classmethod
    def read_label(cls, label: Any) -> list[str]:
        """The tags as they are spelled; a tag that the model does not know is welcome, since that is news."""
        if not isinstance(label, list | str):
            raise BadInput(EXPECTED)
        try:
            tags = tags_in(label)
        except BadInput as problem:
            raise BadInput(problem.advised) from problem
        if long := next((tag for tag in tags if len(tag) > LONGEST_TAG), None):
            raise BadInput(f"a tag of 1 to {LONGEST_TAG} letters is expected, not {long[:40] + '...'!r}")
        return tags
