"""Requests that wait at the same time run through the networks together, whichever endpoint they came to."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass
class _Waiting(Generic[Item, Result]):
    item: Item
    since: float
    done: "asyncio.Future[tuple[Result, float]]"


class Batcher(Generic[Item, Result]):
    """Gathers what waits into batches.

    A lane takes all that waits, runs it in a thread, and takes again; so a lone request never waits for company, and
    the busier the service the larger its batches.

    Args:
        run: results of a batch of items, in their order; called in a thread.
        size: of a batch, at most.
        lanes: batches that run at once.
        threads: where they run.
        observe: is told the size of every batch.
    """

    def __init__(
        self,
        run: Callable[[Sequence[Item]], Sequence[Result]],
        size: int,
        lanes: int,
        threads: Executor,
        observe: Callable[[int], None] = lambda size: None,
    ) -> None:
        self._run, self._size, self._lanes, self._threads, self._observe = run, size, lanes, threads, observe
        self._waiting: deque[_Waiting[Item, Result]] = deque()
        self._tasks: set[asyncio.Task[None]] = set()  # asyncio itself keeps no reference
        self._running = 0

    async def submit(self, item: Item) -> tuple[Result, float]:
        """The result of an item, and the seconds it waited for a lane.

        Raises:
            Exception: what ``run`` raises for this item alone.
        """
        waiting = _Waiting(item, time.perf_counter(), asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        if self._running < self._lanes:
            self._running += 1
            lane = asyncio.create_task(self._lane())
            self._tasks.add(lane)
            lane.add_done_callback(self._tasks.discard)
        return await waiting.done

    async def _lane(self) -> None:
        try:
            while batch := self._take():
                await self._answer(batch)
        finally:
            self._running -= 1

    def _take(self) -> list[_Waiting[Item, Result]]:
        batch: list[_Waiting[Item, Result]] = []
        while self._waiting and len(batch) < self._size:
            waiting = self._waiting.popleft()
            if not waiting.done.done():  # its request may have been given up
                batch.append(waiting)
        return batch

    async def _answer(self, batch: list[_Waiting[Item, Result]]) -> None:
        """Runs a batch; if it fails, its items run one by one, so that one that is bad does not take others along."""
        started = time.perf_counter()
        items = [waiting.item for waiting in batch]
        try:
            results = await asyncio.get_running_loop().run_in_executor(self._threads, self._run, items)
        except Exception as error:
            if len(batch) > 1:
                for waiting in batch:
                    await self._answer([waiting])
            elif not batch[0].done.done():
                batch[0].done.set_exception(error)
            return
        self._observe(len(batch))
        for waiting, result in zip(batch, results, strict=True):
            if not waiting.done.done():
                waiting.done.set_result((result, started - waiting.since))
