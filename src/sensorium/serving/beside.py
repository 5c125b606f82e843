"""Parts of one piece of work at the same time, where a core is free for them."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Lock
from typing import TypeVar

Result = TypeVar("Result")


class Beside:
    """Threads for parts of what other threads do: a lone request uses all cores, and of many each does its own parts.

    Args:
        cores: that may be at work, those of the threads that ask among them.
        name: of the threads.
    """

    def __init__(self, cores: int, name: str) -> None:
        self._cores, self._working, self._lock = cores, 0, Lock()
        self._threads = ThreadPoolExecutor(cores, thread_name_prefix=name)

    def all(self, parts: Sequence[Callable[[], Result]]) -> list[Result]:
        """What the parts give, in their order; the first is done by the thread that asks, which waits for nobody else.

        Raises:
            Exception: what the first part that fails raises.
        """
        first, *others = parts
        with self._lock:
            self._working += 1
        try:
            begun = [self._begin(part) for part in others]
            return [first(), *(result() for result in begun)]
        finally:
            self._end()

    def _begin(self, part: Callable[[], Result]) -> Callable[[], Result]:
        """What gives a part's result: a thread has begun with it or, where no core is free, it is yet to be done."""
        with self._lock:
            if self._working >= self._cores:
                return part
            self._working += 1
        return self._threads.submit(partial(self._do, part)).result

    def _do(self, part: Callable[[], Result]) -> Result:
        try:
            return part()
        finally:
            self._end()

    def _end(self) -> None:
        with self._lock:
            self._working -= 1
