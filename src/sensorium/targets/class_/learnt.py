"""What training rows taught of classes: their names."""

from dataclasses import dataclass
from typing import Any, Self

from sensorium.targets.class_.answering import ClassAnswering
from sensorium.targets.class_.judging import ClassJudging
from sensorium.targets.class_.learning import ClassLearning
from sensorium.targets.class_.recording import ClassRecording
from sensorium.targets.class_.showing import ClassShowing
from sensorium.targets.learnt import Learnt


@dataclass(frozen=True)
class LearntClass(ClassLearning, ClassJudging, ClassAnswering, ClassRecording, ClassShowing, Learnt):
    """See `Classes`."""

    @classmethod
    def of(cls, state: Any) -> Self:
        return cls(tuple(state["classes"]), state["weight"])

    @property
    def state(self) -> Any:
        """Only the names where there is nothing else to say, as earlier versions wrote them."""
        names = list(self.classes)
        return names if self.weight == 1 else {"kind": "class", "classes": names, "weight": self.weight}
