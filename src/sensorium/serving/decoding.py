"""Where samples are decoded: a share for each API key, so that nobody's keep all others waiting."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from sensorium.serving.concurrency import ConcurrencyLimit

Result = TypeVar("Result")


class Decoding:
    """Threads that decode, twice as many as one API key may use at once.

    Args:
        name: of the threads.
        share: of one key that is alone; several share it, but each has one.
    """

    def __init__(self, name: str, share: int) -> None:
        self._threads = ThreadPoolExecutor(2 * share, thread_name_prefix=name)
        self._turns = ConcurrencyLimit(share, shared=True, together=2 * share)

    async def run(self, key: str, decode: Callable[[], Result]) -> Result:
        """What ``decode`` gives, once a thread is free and the key has not all of its share in use."""
        async with self._turns.of(key):
            return await asyncio.get_running_loop().run_in_executor(self._threads, decode)
