"""Who waits for whom: those without a key, and the requests of one key, never hold up everybody else."""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.types import ASGIApp, Receive, Scope, Send

from sensorium.serving.connections import giving_way
from sensorium.serving.refusal import Refused

RATE = 100.0  # requests a second of all clients without a key; the page takes a dozen
AHEAD = 50  # of them that need not wait
LONGEST = 5.0  # seconds


class Paced:
    """Lets requests without a key pass one after the other at a rate that costs the others little."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._next = 0.0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves a request, or refuses it when too many wait already."""
        try:
            if scope["type"] == "http" and not _has_key(scope):
                with giving_way(scope):
                    await self._wait()
        except Refused as refused:
            await refused.response()(scope, receive, send)
            return
        await self.app(scope, receive, send)

    async def _wait(self) -> None:
        now = time.monotonic()
        turn = max(self._next, now - AHEAD / RATE) + 1 / RATE
        if turn - now > LONGEST:
            await asyncio.sleep(LONGEST)  # who does not wait would ask again at once
            raise Refused(503, "too many requests without an API key; try again soon", 1)
        self._next = turn
        if turn > now:
            await asyncio.sleep(turn - now)


def _has_key(scope: Scope) -> bool:
    """Whether a request may ask for what needs a key."""
    try:
        scope["app"].state.guard.identify(scope)
    except Refused:
        return False
    return True


class Turns:
    """Lets so many requests of everybody pass at once; others of theirs wait.

    Args:
        most: at once.
        shared: whether there can be others to leave room for; else all pass.
    """

    def __init__(self, most: int, shared: bool) -> None:
        self._shared = shared
        self._places: defaultdict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(most))

    @asynccontextmanager
    async def of(self, who: str) -> AsyncIterator[None]:
        """A turn of somebody's, by the name of their key."""
        if not self._shared:
            yield
            return
        async with self._places[who]:
            yield
