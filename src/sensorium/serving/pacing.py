"""Who waits for whom: those without a key, and the requests of one key, never hold up everybody else."""

import asyncio
import time
from collections import OrderedDict, defaultdict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext

from starlette.applications import Starlette
from starlette.routing import Match
from starlette.types import ASGIApp, Receive, Scope, Send

from sensorium.serving.connections import waiting_for
from sensorium.serving.refusal import Refused

RATE = 100.0  # requests a second of all clients without a key, the page takes a dozen; and of each key at least
AHEAD = 50  # of them that need not wait
LONGEST = 10.0  # seconds that are waited
DEBT = 5.0  # seconds that a line stands still at most
APART = {  # paths that others watch the service by, which no stranger may keep from it, and how many a second
    "/metrics": 10.0,  # it takes milliseconds
    "/livez": 20.0,
    "/readyz": 20.0,
    "/healthz": 20.0,
}


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

    @property
    def length(self) -> int:
        """How many wait, at most: some may have gone."""
        return sum(map(len, self._waiting.values()))

    def join(self, who: str = "") -> "asyncio.Future[None]":
        """The turn of somebody, which comes to pass; one that is done otherwise is given back."""
        turn = asyncio.get_running_loop().create_future()
        if not self._waiting:
            self._passed = max(self._passed, time.monotonic() - self._ahead / self.rate)
        self._waiting.setdefault(who, deque()).append(turn)
        self._let_pass()
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
        self._let_pass()

    def _next(self) -> "asyncio.Future[None] | None":
        """The first turn of whoever had none for longest, if it is still waited for."""
        who, turns = self._waiting.popitem(last=False)
        turn = turns.popleft()
        if turns:
            self._waiting[who] = turns
        return None if turn.done() else turn


async def wait(scope: Scope, line: Line, who: str, gives_way: bool, sentence: str) -> None:
    """Waits until a request's turn comes.

    Raises:
        Refused: with a sentence, if it does not come in time.
        ClientDisconnect: if the client does not wait.
    """
    turn = line.join(who)
    if turn.done():
        return
    with waiting_for(scope, turn, gives_way):
        try:
            async with asyncio.timeout(LONGEST):  # who does not wait would ask again at once
                await turn
        except TimeoutError:
            raise Refused(503, sentence, 1) from None


class Paced:
    """Lets requests without a key pass one after the other at a rate that costs the others little."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._line = Line(RATE, AHEAD)
        self._apart = {path: Line(rate, rate) for path, rate in APART.items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves a request, or refuses it when too many wait already."""
        try:
            if scope["type"] == "http" and not self._passes(scope):
                line, address = self._apart.get(scope["path"], self._line), (scope.get("client") or ("",))[0]
                words = "too many requests without an API key; try again soon"
                await wait(scope, line, address, gives_way=True, sentence=words)
        except Refused as refused:
            await refused.response()(scope, receive, send)
            return
        await self.app(scope, receive, send)

    def _passes(self, scope: Scope) -> bool:
        """Whether a request may ask for what needs a key."""
        try:
            scope["app"].state.guard.identify(scope)
        except Refused:
            return False
        return True


class PacedElsewhere(Paced):
    """Lets requests for what an application does not have pass in the same way: they never reach its own `Paced`."""

    def __init__(self, app: ASGIApp, application: Starlette) -> None:
        super().__init__(app)
        self._routes = application.routes

    def _passes(self, scope: Scope) -> bool:
        return any(route.matches(scope)[0] is not Match.NONE for route in self._routes)


class ConcurrencyLimit:
    """Limits how many samples of one client are worked on at once, and how many of all; others wait.

    Args:
        most: of one at once.
        shared: whether there can be others to leave room for; else one may have all.
        together: of all, so that what they take of memory is bounded whatever batches they come in.
    """

    def __init__(self, most: int, shared: bool, together: int) -> None:
        self._shared = shared
        self._places: defaultdict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(most))
        self._all = asyncio.Semaphore(together)

    @asynccontextmanager
    async def of(self, who: str) -> AsyncIterator[None]:
        """A turn of somebody's, by the name of their key."""
        async with self._places[who] if self._shared else nullcontext(), self._all:
            yield
