"""How many samples are worked on at once, of one key and of all."""

import asyncio
from collections import Counter, OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class ConcurrencyLimit:
    """Lets so many samples pass at once; others wait, and who had no turn for longest is next.

    Args:
        most: of everybody who is there, who share them, but each has one; who comes alone has all.
        shared: whether there can be others to leave room for; else one may have as many as all.
        together: of all, so that what they take of memory is bounded whatever batches they come in.
    """

    def __init__(self, most: int, shared: bool, together: int) -> None:
        self._most, self._shared, self._together = most, shared, together
        self._working: Counter[str] = Counter()  # samples of everybody
        self._waiting: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()

    @asynccontextmanager
    async def of(self, who: str) -> AsyncIterator[None]:
        """A turn of somebody's, by the name of their key."""
        turn = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(who, deque()).append(turn)
        self._let_pass()
        try:
            await turn
            yield
        finally:
            if turn.done() and not turn.cancelled():
                self._end(who)

    def _end(self, who: str) -> None:
        self._working[who] -= 1
        if not self._working[who]:
            del self._working[who]
        self._let_pass()

    def _let_pass(self) -> None:
        while (who := next(filter(self._may_begin, self._waiting), None)) is not None:
            turns = self._waiting.pop(who)
            turn = turns.popleft()
            if turns:
                self._waiting[who] = turns
            if not turn.done():  # else its request was given up
                self._working[who] += 1
                turn.set_result(None)

    def _may_begin(self, who: str) -> bool:
        if self._working.total() >= self._together:
            return False
        there_are = len(self._working.keys() | self._waiting.keys())
        return not self._shared or self._working[who] < max(1, self._most // there_are)
