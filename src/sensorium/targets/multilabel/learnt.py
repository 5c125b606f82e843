"""What training rows taught of tags: their names, how frequent they are, and from which probability they are said."""

from dataclasses import dataclass
from typing import Any, Self

from sensorium.targets.learnt import Learnt
from sensorium.targets.multilabel.answering import MultilabelAnswering
from sensorium.targets.multilabel.judging import MultilabelJudging
from sensorium.targets.multilabel.learning import MultilabelLearning
from sensorium.targets.multilabel.recording import MultilabelRecording
from sensorium.targets.multilabel.showing import MultilabelShowing


@dataclass(frozen=True)
class LearntMultilabel(
    MultilabelLearning, MultilabelJudging, MultilabelAnswering, MultilabelRecording, MultilabelShowing, Learnt
):
    """See `Tags`."""

    @classmethod
    def of(cls, state: Any) -> Self:
        tags, frequencies, thresholds = (tuple(state[name]) for name in ("tags", "frequencies", "thresholds"))
        return cls(tags, frequencies, thresholds, state["weight"])

    @property
    def state(self) -> Any:
        of_tags = {name: list(getattr(self, name)) for name in ("tags", "frequencies", "thresholds")}
        return {"kind": "multilabel"} | of_tags | {"weight": self.weight}
