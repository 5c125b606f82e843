"""How many requests, bodies and bytes there may be at once, and what of them everybody may hold."""

import asyncio
import time
from collections import Counter

from starlette.types import Message, Receive

from sensorium.serving.metrics import BODIES, IN_FLIGHT
from sensorium.serving.refusal import Refused

MOST_BYTES = 512 * 2**20  # of bodies held at once
MOST_BODIES = 500  # on their way at once
PATIENCE = 10.0  # seconds that a body is waited for, and one more for every so many bytes that have come:
SLOWEST = 500


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

    def sharing(self, who: str) -> int:
        """How many have places, with somebody who has or wants one."""
        return len(self._held.keys() | {who})

    def take(self, who: str, wanted: int = 1) -> None:
        """Gives somebody so many more; those given back are negative."""
        self.taken += wanted
        self._held[who] += wanted
        if not self._held[who]:
            del self._held[who]


class Room:
    """The places of a service.

    Args:
        shared: whether there can be several who share them.
    """

    def __init__(self, shared: bool) -> None:
        self.requests = Places(shared)  # worked on: their bodies are there
        self.bodies = Places(shared)  # on their way
        self.bytes = Places(shared)  # of bodies


class Visit:
    """A request's places: first one for its body, then, when that is there, one among those worked on.

    Args:
        room: has the places.
        who: asks, by the name of their key.
        most: requests worked on at once.
        receive: gives the body's parts.

    Raises:
        Refused: if there is no room for one more of theirs.
    """

    def __init__(self, room: Room, who: str, most: int, receive: Receive) -> None:
        self._room, self._who, self._most, self._receive = room, who, most, receive
        self._bytes = 0
        self._waited = 0.0
        self.is_whole = False
        self._require_place()
        if not room.bodies.are_free(who, MOST_BODIES):
            raise Refused(503, f"{room.bodies.taken} bodies are on their way already; try again soon", 1)
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
        if not self._room.bytes.are_free(self._who, MOST_BYTES, size):
            raise Refused(503, "the service is busy with large requests; try again soon", 1)
        self._room.bytes.take(self._who, size)
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
        working = self._room.requests
        if not working.are_free(self._who, self._most):
            raise Refused(503, f"the service is busy with {working.taken} requests; try again soon", 1)

    def _await_body(self, bodies: int) -> None:
        self._room.bodies.take(self._who, bodies)
        BODIES.set(self._room.bodies.taken)

    def _work(self, requests: int) -> None:
        self._room.requests.take(self._who, requests)
        IN_FLIGHT.set(self._room.requests.taken)

    def end(self) -> None:
        """Gives all back."""
        self._room.bytes.take(self._who, -self._bytes)
        if self.is_whole:
            self._work(-1)
        else:
            self._await_body(-1)
