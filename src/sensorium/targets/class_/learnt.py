"""What training rows taught of classes: their names, and what a row of each counts."""

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
        of_loss = {name: state[name] for name in ("balance", "focal") if name in state}
        return cls(tuple(state["classes"]), state["weight"], frequencies=tuple(state.get("frequencies", ())), **of_loss)

    @property
    def state(self) -> Any:
        """Only the names where there is nothing else to say, as earlier versions wrote them."""
        names = list(self.classes)
        of_loss = {"balance": self.balance, "focal": self.focal, "frequencies": list(self.frequencies)}
        if self.weight == 1 and not self.balance and not self.focal:
            return names
        return {"kind": "class", "classes": names, "weight": self.weight} | (
            of_loss if self.balance or self.focal else {}
        )
