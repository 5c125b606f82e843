"""What the service answers about a target, and the labels that people send of it."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

DIGITS = 6  # of numbers in answers
NUMBER = {"type": "number"}  # of OpenAPI


def rounded(number: Any) -> float:
    """As an answer of the service has it."""
    return round(float(number), DIGITS)


class _Untitled(GenerateJsonSchema):
    """Without titles, which only repeat the names."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def schema_of(answer: Any) -> dict[str, Any]:
    """The OpenAPI schema of a type of answer, a `TypedDict`: what is served is a dict, and costs nothing more."""
    schema = TypeAdapter(answer).json_schema(schema_generator=_Untitled)
    named = schema.pop("$defs", {})

    def inlined(part: Any) -> Any:
        """An answer is a part of a larger document, so what it refers to stands in it."""
        if isinstance(part, list):
            return [inlined(one) for one in part]
        if not isinstance(part, Mapping):
            return part
        if "$ref" in part:
            return inlined(named[part["$ref"].rpartition("/")[2]])
        return {key: inlined(one) for key, one in part.items() if not (key == "title" and isinstance(one, str))}

    return inlined(schema)


class Answering(ABC):
    """The answer, its OpenAPI schema, what each input contributed, and labels.

    Attributes:
        may_abstain: whether a prediction can be too unsure to be answered.
    """

    may_abstain: ClassVar[bool] = False

    def unknown(self, label: Any) -> list[str]:
        """The names in a label that the model cannot say, where it says names."""
        return []

    def abstains(self, prediction: np.ndarray, threshold: float) -> bool:
        """Whether a prediction ``[columns]`` is too unsure to be answered with less than this probability."""
        return False

    @abstractmethod
    def answer(self, prediction: np.ndarray, threshold: float, top: int) -> Mapping[str, object]:
        """What the service answers.

        Args:
            prediction: ``[columns]``.
            threshold: see `abstains`.
            top: how many of the likeliest are listed.
        """

    @abstractmethod
    def attribution(self, inputs: Sequence[str], predictions: np.ndarray) -> dict[str, Any]:
        """What each input contributed: Shapley values, which add up to the prediction with ``base``.

        Args:
            inputs: those that the sample has.
            predictions: with every subset of these inputs ``[2 ** inputs, columns]``, the last with all.
        """

    @abstractmethod
    def openapi(self) -> dict[str, Any]:
        """The OpenAPI schema of `answer`."""

    @abstractmethod
    def openapi_of_contribution(self) -> dict[str, Any]:
        """That of ``base``, and of what an input contributed, in `attribution`."""

    @abstractmethod
    def description(self, threshold: float) -> dict[str, Any]:
        """What a client may know of it, as JSON: its ``kind``, ``about`` (what it answers, in words), and more."""

    @abstractmethod
    def openapi_of_label(self) -> dict[str, Any]:
        """The OpenAPI schema of a label that a person sends."""

    @abstractmethod
    def example_label(self) -> Any:
        """A label that a person may send."""

    @classmethod
    @abstractmethod
    def read_label(cls, label: Any) -> Any:
        """A label that a person sent, as JSON.

        Raises:
            BadInput: if it is none of this kind.
        """

    @property
    def constant(self) -> Any:
        """What one would always say who knows the training rows alone, if answers are held against that."""
        return None
