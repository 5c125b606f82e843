"""Parts of one piece of work at the same time, where a core is free for them."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Semaphore
from typing import TypeVar

Result = TypeVar("Result")


class Beside:
    """Threads for parts of what other threads do: a lone request uses all cores, and of many each does its own parts.

    Args:
        threads: how many; none where there is no core beside that of the thread that asks.
        name: of the threads.
    """

    def __init__(self, threads: int, name: str) -> None:
        self._free = Semaphore(threads)
        self._threads = ThreadPoolExecutor(max(1, threads), thread_name_prefix=name)

    def all(self, parts: Sequence[Callable[[], Result]]) -> list[Result]:
        """What the parts give, in their order; the first is done by the thread that asks, which waits for nobody else.

        Raises:
            Exception: what the first part that fails raises.
        """
        first, *others = parts
        begun = [self._begin(part) for part in others]
        return [first(), *(result() for result in begun)]

    def _begin(self, part: Callable[[], Result]) -> Callable[[], Result]:
        """What gives a part's result: a thread has begun with it or, where none is free, it is yet to be done."""
        if not self._free.acquire(blocking=False):
            return part
        return self._threads.submit(partial(self._do, part)).result

    def _do(self, part: Callable[[], Result]) -> Result:
        try:
            return part()
        finally:
            self._free.release()
