"""Who may ask, how much at once and how often, and for how long."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Mapping

import limits
from limits.strategies import SlidingWindowCounterRateLimiter
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sensorium.runtime.settings import Serve
from sensorium.serving import keys, pacing
from sensorium.serving.line import Line
from sensorium.serving.origin import require_loopback, require_same_site
from sensorium.serving.places import Room, Visit
from sensorium.serving.refusal import Refused

REFUSED = 9  # turns more that a request takes which is not answered as asked: it costs no work that would slow it down
CLIENT = range(400, 500)  # statuses that say that it is the client's fault
MANY = 100  # requests of one key; when as many wait, further ones keep no connection from others


class Guard:
    """Admits requests.

    Args:
        names: of the API keys, by hash; without any only the loopback is served.
    """

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names
        self._rates = SlidingWindowCounterRateLimiter(limits.storage.MemoryStorage())
        self.room = Room(shared=len(names) > 1)
        self._lines: defaultdict[str, Line] = defaultdict(lambda: Line(pacing.RATE, pacing.AHEAD))

    def identify(self, scope: Scope) -> str:
        """The name of the key that a request shows; empty for the loopback of a service without keys.

        Raises:
            Refused: if it shows none that is known, or comes from a web page of another site.
        """
        headers = Headers(scope=scope)
        require_same_site(headers)
        if not self._names:
            require_loopback(scope, headers)
            return ""
        scheme, _, key = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not key:
            raise Refused(401, "an API key is needed: Authorization: Bearer KEY")
        name = self._names.get(keys.digest(key.strip()))
        if name is None:
            raise Refused(401, "this API key is not known, or was revoked")
        return name

    def knows(self, scope: Scope) -> bool:
        """Whether a request shows what `identify` wants."""
        try:
            self.identify(scope)
        except Refused:
            return False
        return True

    async def wait(self, scope: Scope, name: str, serve: Serve) -> Line:
        """Waits until it is the turn of a key's next request, and gives the line that it stood in.

        Raises:
            Refused: if it does not come in time.
        """
        line = self._lines[name]
        line.rate = max(pacing.RATE, serve.rate / 60) / self.room.requests.sharing(name)
        words = f"too many requests at once by the key {name!r}; try again soon"
        await pacing.wait(scope, line, "", gives_way=line.length > MANY, sentence=words)
        return line

    def count(self, name: str, samples: int, serve: Serve) -> None:
        """Counts samples asked for by a key.

        Raises:
            Refused: if they are more than its rate allows.
        """
        if not name:
            return
        rate = limits.RateLimitItemPerMinute(serve.rate)
        if not self._rates.hit(rate, name, cost=samples):
            wait = self._rates.get_window_stats(rate, name).reset_time - time.time()
            raise Refused(429, f"more than {serve.rate} samples in a minute by the key {name!r}", wait)


class Guarded:
    """Lets requests that `Guard` admits through to an endpoint that does work, within its limits of time and memory."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves a request or refuses it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        guard: Guard = scope["app"].state.guard
        serve: Serve = scope["app"].state.deployment.champion.serve
        line: Line | None = None

        async def sending(message: Message) -> None:
            if line and message["type"] == "http.response.start" and message["status"] in CLIENT:
                line.charge(REFUSED)
            await send(message)

        try:
            name = guard.identify(scope)
            scope["state"]["key"] = name
            if name:
                scope["state"]["about"]["key"] = name
                line = await guard.wait(scope, name, serve)
            visit = Visit(guard.room, name, serve.in_flight, receive)
            try:
                async with asyncio.timeout(serve.timeout):
                    await self.app(scope, visit.receive, sending)
            except TimeoutError:
                words = f"within {serve.timeout:g} seconds"
                if visit.is_whole:
                    raise Refused(503, f"the service could not answer {words}; try again later", 5) from None
                raise Refused(408, f"the body did not come {words}") from None
            finally:
                visit.end()
        except ClientDisconnect:
            if line:
                line.charge(REFUSED)
            raise
        except Refused as refused:
            await refused.response()(scope, receive, sending)
