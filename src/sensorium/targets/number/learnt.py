"""What training rows taught of a number: its scale, and how far predictions are off."""

from dataclasses import dataclass
from typing import Any, Self

from sensorium.targets.learnt import Learnt
from sensorium.targets.number.answering import NumberAnswering
from sensorium.targets.number.judging import NumberJudging
from sensorium.targets.number.learning import NumberLearning
from sensorium.targets.number.recording import NumberRecording
from sensorium.targets.number.scale import Scale
from sensorium.targets.number.showing import NumberShowing


@dataclass(frozen=True)
class LearntNumber(NumberLearning, NumberJudging, NumberAnswering, NumberRecording, NumberShowing, Learnt):
    """See `Scaled`."""

    @classmethod
    def of(cls, state: Any) -> Self:
        known = {name: state[name] for name in ("median", "unit", "weight", "margin")}
        return cls(scale=Scale.of(state["scale"]), **known)

    @property
    def state(self) -> Any:
        return {"kind": "number"} | vars(self) | {"scale": self.scale.state}
