"""A number: a price, a rating, a weight, of any scale."""

from sensorium.targets.number.declared import Number
from sensorium.targets.number.learnt import LearntNumber

__all__ = ["LearntNumber", "Number"]
