"""One of several classes."""

from sensorium.targets.class_.declared import Class
from sensorium.targets.class_.learnt import LearntClass

__all__ = ["Class", "LearntClass"]
