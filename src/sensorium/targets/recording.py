"""How predictions of a target stand in tables and in the log, and what monitoring reads there."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from sensorium.stats.statistics import Kind
from sensorium.targets.answering import DIGITS


class Recording(ABC):
    """Columns of tables, lines of the log, and what drift is measured by.

    Attributes:
        line: the keys of a line of the log that `recorded` fills, and what each holds of a target, as pydantic says it.
        drifts: how each column of `logged` is compared; the first is what is answered.
        label: how a label that a person sent stands in the log, as pydantic says it.
        called: what sentences call columns of `logged` beyond the first, which is the answer.
        promised: the column of `logged` whose mean is the main figure, if the model is honest; empty if there is none.
    """

    line: ClassVar[dict[str, Any]]
    drifts: ClassVar[dict[str, Kind]]
    label: ClassVar[Any] = str
    called: ClassVar[Mapping[str, str]] = {}
    promised: ClassVar[str]

    @property
    @abstractmethod
    def columns(self) -> list[str]:
        """Names of the columns of predictions, as tables of predictions have them."""

    def cells(self, predictions: np.ndarray) -> dict[str, np.ndarray]:
        """What a table of predictions holds ``[rows]``, by the column's name."""
        return dict(zip(self.columns, predictions.T, strict=True))

    def rounded(self, cells: np.ndarray) -> np.ndarray:
        """Numbers of `cells`, as answers have them."""
        return cells.round(DIGITS)

    @abstractmethod
    def logged(self, predictions: np.ndarray) -> dict[str, np.ndarray]:
        """What drift of predictions is told by ``[rows]``, by name, as the log has it."""

    @abstractmethod
    def remembered(self, prediction: np.ndarray) -> Any:
        """What is kept of a prediction ``[columns]`` until somebody sends its label."""

    @abstractmethod
    def recorded(self, prediction: np.ndarray) -> dict[str, Any]:
        """What is written down of a prediction ``[columns]``: by the key of the log's line, what stands there."""

    @classmethod
    @abstractmethod
    def recalled(cls, line: Mapping[str, Any], name: str) -> Any:
        """What was `remembered` of a prediction of this target, from the log's line."""

    @classmethod
    @abstractmethod
    def compared_of(cls, line: Mapping[str, Any], name: str) -> dict[str, Any]:
        """What `logged` tells of a prediction of this target, from the log's line."""

    @classmethod
    @abstractmethod
    def traced(cls, line: Mapping[str, Any], name: str) -> tuple[str, str]:
        """What was predicted of this target, and how sure that was, from the log's line."""

    @classmethod
    def worded(cls, value: Any) -> str:
        """What is answered, or true, as a person reads it.

        Args:
            value: as the first column of `logged`, and labels in tables, have it.
        """
        return str(value)

    @abstractmethod
    def counted_as(self, prediction: np.ndarray) -> str:
        """The label under which Prometheus counts a prediction ``[columns]``."""

    @abstractmethod
    def confidence(self, prediction: np.ndarray) -> float | None:
        """How sure a prediction ``[columns]`` is, from 0 to 1, if its kind says so."""
