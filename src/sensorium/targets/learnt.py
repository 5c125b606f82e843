"""What training rows taught of a target, as every kind answers for it."""

from abc import abstractmethod
from typing import Any, Self

from sensorium.targets.answering import Answering
from sensorium.targets.judging import Judging
from sensorium.targets.learning import Learning
from sensorium.targets.recording import Recording
from sensorium.targets.showing import Showing


class Learnt(Learning, Judging, Answering, Recording, Showing):
    """All of it, which travels with the model as JSON; each part has the methods that one sort of caller asks for."""

    @classmethod
    @abstractmethod
    def of(cls, state: Any) -> Self:
        """The one that gave a `state`.

        Raises:
            KeyError, TypeError, ValueError: if none did.
        """

    @property
    @abstractmethod
    def state(self) -> Any:
        """All of it, as JSON."""
