"""A line in which requests wait for their turn."""

import asyncio
import time
from collections import OrderedDict, deque

LONGEST = 10.0  # seconds that are waited
DEBT = 5.0  # seconds that a line stands still at most
LATE = 100.0  # a second are told that they waited too long: those who came together are not all answered together
MISSED = 10  # turns are made up for at most when the loop was busy: else these would keep it busy


class TooLong(Exception):  # noqa: N818 - the end of a wait, not an error of the service
    """The turn did not come in time."""


class Line:
    """Lets those who wait pass one after another; where several wait, each has a turn in turn.

    Args:
        rate: how many a second.
        ahead: how many need not wait after a while without any.
    """

    def __init__(self, rate: float, ahead: float) -> None:
        self.rate, self._ahead = rate, ahead
        self._waiting: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()
        self._passed = 0.0  # when the last one passed, or could have
        self._timer: asyncio.TimerHandle | None = None
        self._patience = _Patience()

    @property
    def length(self) -> int:
        """How many wait, at most: some may have gone."""
        return sum(map(len, self._waiting.values()))

    def join(self, who: str = "") -> "asyncio.Future[None]":
        """The turn of somebody, which comes to pass, or fails with `TooLong`; one done otherwise is given back."""
        turn = asyncio.get_running_loop().create_future()
        if not self._waiting:
            self._passed = max(self._passed, time.monotonic() - self._ahead / self.rate)
        self._waiting.setdefault(who, deque()).append(turn)
        self._let_pass()
        if not turn.done():
            self._patience.begin(turn)
        return turn

    def charge(self, turns: float) -> None:
        """Keeps everybody waiting for longer, as something took more than its turn."""
        now = time.monotonic()
        last = max(self._passed, now - self._ahead / self.rate)
        self._passed = min(last + turns / self.rate, now + DEBT)

    def _let_pass(self) -> None:
        now = time.monotonic()
        while self._waiting and self._passed + 1 / self.rate <= now:
            if turn := self._next():
                turn.set_result(None)
                self._passed += 1 / self.rate
        if self._waiting and self._timer is None:
            wait = self._passed + 1 / self.rate - now
            self._timer = asyncio.get_running_loop().call_later(wait, self._go_on)

    def _go_on(self) -> None:
        self._timer = None
        self._passed = max(self._passed, time.monotonic() - MISSED / self.rate)
        self._let_pass()

    def _next(self) -> "asyncio.Future[None] | None":
        """The first turn of whoever had none for longest, if it is still waited for."""
        who, turns = self._waiting.popitem(last=False)
        turn = turns.popleft()
        if turns:
            self._waiting[who] = turns
        return None if turn.done() else turn


class _Patience:
    """Ends the turns that are waited for too long, one after another."""

    def __init__(self) -> None:
        self._turns: deque[tuple[float, asyncio.Future[None]]] = deque()  # those that end first are first
        self._is_timed = False

    def begin(self, turn: "asyncio.Future[None]") -> None:
        """From now on a turn is waited for."""
        self._turns.append((time.monotonic() + LONGEST, turn))
        if not self._is_timed:
            self._look_again(LONGEST)

    def _look_again(self, seconds: float) -> None:
        self._is_timed = True
        asyncio.get_running_loop().call_later(seconds, self._look)

    def _look(self) -> None:
        self._is_timed = False
        while self._turns and self._turns[0][1].done():
            self._turns.popleft()
        if not self._turns:
            return
        until, turn = self._turns[0]
        left = until - time.monotonic()
        if left <= 0:
            self._turns.popleft()
            turn.set_exception(TooLong())
        self._look_again(max(left, 1 / LATE))
