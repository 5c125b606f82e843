"""Who may ask, how much at once and how often, and for how long."""

import asyncio
import ipaddress
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import SplitResult, urlsplit

import limits
from limits.strategies import SlidingWindowCounterRateLimiter
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sensorium.runtime.settings import Serve
from sensorium.serving import keys
from sensorium.serving.metrics import IN_FLIGHT
from sensorium.serving.refusal import Refused

MOST_BYTES = 512 * 2**20  # of bodies held at once
PROXIES = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip")
LOCAL_NAMES = ("localhost", "ip6-localhost")
NO_KEYS = (
    f"this service has no API keys and so answers its own machine only; set {keys.VARIABLE} (`sensorium key NAME` "
    "makes one)"
)


class Guard:
    """Admits requests.

    Args:
        names: of the API keys, by hash; without any only the loopback is served.
    """

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names
        self._rates = SlidingWindowCounterRateLimiter(limits.storage.MemoryStorage())
        self.requests = 0
        self.bytes = 0

    def add(self, requests: int) -> None:
        """Keeps count of the requests worked on."""
        self.requests += requests
        IN_FLIGHT.set(self.requests)

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
        body = _Body(receive, guard)
        try:
            name = guard.identify(scope)
            scope["state"]["key"] = name
            scope["state"]["about"] |= {"key": name} if name else {}
            if guard.requests >= serve.in_flight:
                raise Refused(503, f"the service is busy with {guard.requests} requests; try again soon", 1)
            guard.add(1)
            try:
                async with asyncio.timeout(serve.timeout):
                    await self.app(scope, body.receive, send)
            finally:
                guard.add(-1)
                body.release()
        except TimeoutError:
            words = f"within {serve.timeout:g} seconds"
            refused = (
                Refused(503, f"the service could not answer {words}; try again later", 5)
                if body.is_whole
                else Refused(408, f"the body did not come {words}")
            )
            await refused.response()(scope, receive, send)
        except Refused as refused:
            await refused.response()(scope, receive, send)


class _Body:
    """A body on its way in, counted into the memory that all of them share."""

    def __init__(self, receive: Receive, guard: Guard) -> None:
        self._receive, self._guard = receive, guard
        self._taken = 0
        self.is_whole = False

    async def receive(self) -> Message:
        """The next part.

        Raises:
            Refused: if bodies hold too much memory already.
        """
        message: dict[str, Any] = dict(await self._receive())
        size = len(message.get("body", b""))
        if self._guard.bytes + size > MOST_BYTES:
            raise Refused(503, "the service is busy with large requests; try again soon", 1)
        self._guard.bytes += size
        self._taken += size
        self.is_whole = self.is_whole or not message.get("more_body", False)
        return message

    def release(self) -> None:
        """Gives the memory back."""
        self._guard.bytes -= self._taken
