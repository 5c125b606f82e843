"""Any number of tags."""

from sensorium.targets.multilabel.declared import Multilabel
from sensorium.targets.multilabel.learnt import LearntMultilabel

__all__ = ["LearntMultilabel", "Multilabel"]
