"""Who may ask, how much at once and how often, and for how long."""

import asyncio
import ipaddress
import time
from collections import Counter, defaultdict
from collections.abc import Mapping
from urllib.parse import SplitResult, urlsplit

import limits
from limits.strategies import SlidingWindowCounterRateLimiter
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sensorium.runtime.settings import Serve
from sensorium.serving import keys, pacing
from sensorium.serving.metrics import BODIES, IN_FLIGHT
from sensorium.serving.pacing import Line
from sensorium.serving.refusal import Refused

MOST_BYTES = 512 * 2**20  # of bodies held at once
MOST_BODIES = 500  # on their way at once
PATIENCE = 10.0  # seconds that a body is waited for, and one more for every so many bytes that have come:
SLOWEST = 500
REFUSED = 9  # turns more that a request takes which is not answered as asked: it costs no work that would slow it down
CLIENT = range(400, 500)  # statuses that say that it is the client's fault
MANY = 100  # requests of one key; when as many wait, further ones keep no connection from others
PROXIES = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip")
LOCAL_NAMES = ("localhost", "ip6-localhost")
NO_KEYS = (
    f"this service has no API keys and so answers its own machine only; set {keys.VARIABLE} (`sensorium key NAME` "
    "makes one)"
)


class Places:
    """Of a number of places everybody may hold as many as are free, so that nobody shuts out the others.

    One who comes alone gets half of them, two get a third each, and so on: there is always room for one more.

    Args:
        shared: whether there can be others; else one may have all.
    """

    def __init__(self, shared: bool) -> None:
        self.taken = 0
        self._shared = shared
        self._held: Counter[str] = Counter()

    def are_free(self, who: str, most: int, wanted: int = 1) -> bool:
        """Whether somebody may have so many more of ``most`` places."""
        held = self._held[who] if self._shared else 0
        return held + wanted <= most - self.taken

    def take(self, who: str, wanted: int = 1) -> None:
        """Gives somebody so many more; those given back are negative."""
        self.taken += wanted
        self._held[who] += wanted
        if not self._held[who]:
            del self._held[who]


class Guard:
    """Admits requests.

    Args:
        names: of the API keys, by hash; without any only the loopback is served.
    """

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names
        self._rates = SlidingWindowCounterRateLimiter(limits.storage.MemoryStorage())
        shared = len(names) > 1
        self.requests = Places(shared)  # worked on: their bodies are there
        self.bodies = Places(shared)  # on their way
        self.bytes = Places(shared)  # of bodies
        self._lines: defaultdict[str, Line] = defaultdict(lambda: Line(pacing.RATE, pacing.AHEAD))

    def identify(self, scope: Scope) -> str:
        """The name of the key that a request shows; empty for the loopback of a service without keys.

        Raises:
            Refused: if it shows none that is known, or comes from a web page of another site.
        """
        headers = Headers(scope=scope)
        origin = headers.get("origin")
        if origin and getattr(_split(origin), "netloc", None) != headers.get("host"):
            raise Refused(403, "pages of other sites may not use this service")
        if not self._names:
            _require_loopback(scope, headers)
            return ""
        scheme, _, key = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not key:
            raise Refused(401, "an API key is needed: Authorization: Bearer KEY")
        name = self._names.get(keys.digest(key.strip()))
        if name is None:
            raise Refused(401, "this API key is not known, or was revoked")
        return name

    async def wait(self, scope: Scope, name: str, serve: Serve) -> Line:
        """Waits until it is the turn of a key's next request, and gives the line that it stood in.

        Raises:
            Refused: if it does not come in time.
        """
        line = self._lines[name]
        line.rate = max(pacing.RATE, serve.rate / 60)
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


def _require_loopback(scope: Scope, headers: Headers) -> None:
    """Refuses what does not come from this machine: directly, through a proxy, or by a name that leads here."""
    client = (scope.get("client") or ("", 0))[0]
    if not _is_loopback(client) or any(name in headers for name in PROXIES):
        raise Refused(401, NO_KEYS)
    host = getattr(_split(f"//{headers.get('host', '')}"), "hostname", None) or ""
    if host not in LOCAL_NAMES and not _is_loopback(host):
        raise Refused(401, NO_KEYS)


def _split(address: str) -> SplitResult | None:
    """The parts of an address; ``None`` if it is none."""
    try:
        return urlsplit(address)
    except ValueError:
        return None


def _is_loopback(address: str) -> bool:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    return (getattr(found, "ipv4_mapped", None) or found).is_loopback


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
            visit = _Visit(guard, name, serve.in_flight, receive)
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


class _Visit:
    """A request's places: first one for its body, then, when that is there, one among those worked on.

    Args:
        guard: has the places.
        who: asks, by the name of their key.
        most: requests worked on at once.
        receive: gives the body's parts.

    Raises:
        Refused: if there is no room for one more of theirs.
    """

    def __init__(self, guard: Guard, who: str, most: int, receive: Receive) -> None:
        self._guard, self._who, self._most, self._receive = guard, who, most, receive
        self._bytes = 0
        self._waited = 0.0
        self.is_whole = False
        self._require_place()
        if not guard.bodies.are_free(who, MOST_BODIES):
            raise Refused(503, f"{guard.bodies.taken} bodies are on their way already; try again soon", 1)
        self._await_body(1)

    async def receive(self) -> Message:
        """The next part of the body.

        Raises:
            Refused: if it does not come, or bodies hold too much memory, or there is too much work already.
        """
        message: Message = await self._next()
        if self.is_whole or message["type"] != "http.request":
            return message
        size = len(message.get("body", b""))
        if not self._guard.bytes.are_free(self._who, MOST_BYTES, size):
            raise Refused(503, "the service is busy with large requests; try again soon", 1)
        self._guard.bytes.take(self._who, size)
        self._bytes += size
        if not message.get("more_body", False):
            self._require_place()
            self._await_body(-1)
            self._work(1)
            self.is_whole = True
        return message

    async def _next(self) -> Message:
        if self.is_whole:  # it is waited for the client to go
            return await self._receive()
        began = time.monotonic()
        try:
            async with asyncio.timeout(PATIENCE + self._bytes / SLOWEST - self._waited):
                return await self._receive()
        except TimeoutError as late:
            raise Refused(408, f"the body came at less than {SLOWEST} bytes a second") from late
        finally:
            self._waited += time.monotonic() - began

    def _require_place(self) -> None:
        working = self._guard.requests
        if not working.are_free(self._who, self._most):
            raise Refused(503, f"the service is busy with {working.taken} requests; try again soon", 1)

    def _await_body(self, bodies: int) -> None:
        self._guard.bodies.take(self._who, bodies)
        BODIES.set(self._guard.bodies.taken)

    def _work(self, requests: int) -> None:
        self._guard.requests.take(self._who, requests)
        IN_FLIGHT.set(self._guard.requests.taken)

    def end(self) -> None:
        """Gives all back."""
        self._guard.bytes.take(self._who, -self._bytes)
        if self.is_whole:
            self._work(-1)
        else:
            self._await_body(-1)
