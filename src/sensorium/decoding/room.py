"""The memory that children who read may take together: those of small files, and those of large ones."""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition

MOST_MEMORY = 800_000_000  # bytes that those of one sort may take at once; one alone may take more


class Room:
    """Memory that is shared out, first come, first served: who needs much is not passed by for ever."""

    def __init__(self) -> None:
        self._taken, self._changed = 0, Condition()
        self._waiting: deque[object] = deque()

    @contextmanager
    def take(self, memory: int) -> Iterator[None]:
        """Waits until so many bytes are free, or all are, and nobody waits who came before."""
        place = object()
        with self._changed:
            self._waiting.append(place)
            self._changed.wait_for(
                lambda: self._waiting[0] is place and (not self._taken or self._taken + memory <= MOST_MEMORY)
            )
            self._waiting.popleft()
            self._taken += memory
            self._changed.notify_all()  # there may be room for the next as well
        try:
            yield
        finally:
            with self._changed:
                self._taken -= memory
                self._changed.notify_all()
