"""What is told of inputs, and how a person says that it has changed."""

from dataclasses import dataclass

Descriptors = dict[str, float | str]
SECONDS = "seconds"  # how long a value lasts, which is said wherever it changed
UNKNOWN = "unknown"  # what is told of an input besides its descriptors: the share of its names that are new,
PRESENCE, EMBEDDING, PREDICTIONS, AXIS = "presence", "embedding", "predictions", "axis"  # and what drift is told by


@dataclass(frozen=True)
class Comparative:
    """How a person says what a descriptor measures, and that it has become smaller or larger.

    Attributes:
        less: such as ``darker``.
        more: such as ``brighter``.
        scale: what its values are, with their unit, such as ``size (pixels)``.
        unit: of the difference; a share of the former value where it is ``%``, of the whole where it is ``points``.
    """

    less: str
    more: str
    scale: str
    unit: str = "%"
