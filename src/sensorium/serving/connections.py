"""HTTP connections within limits: what a client may cost whether or not it has a key.

uvicorn bounds neither the size of a head nor the time it takes, nor how many connections there are, and BentoML, which
starts uvicorn, hands nothing of that kind on. So uvicorn's own protocol is made stricter here. All time that is waited
for a client is limited: for a whole head, for the next request, and for an answer to be read. The time of a body is
`guarding`'s, which can answer in a sentence.
"""

import json
import resource
from asyncio import Future, TimerHandle
from collections import OrderedDict, deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from http import HTTPStatus
from typing import Any, ClassVar
from weakref import WeakKeyDictionary

from starlette.requests import ClientDisconnect
from uvicorn.config import HTTP_PROTOCOLS
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from sensorium.serving.metrics import CUT
from sensorium.serving.parts import Flow, Parts

MOST = 2000  # connections
RESERVED = 256  # files that are no connections
HEAD_SECONDS = 10.0  # from the connection, or the last answer, until a request's head is there
READ_SECONDS = 30.0  # for a client to read some of an answer
MOST_HEAD = 32 * 1024  # bytes
MOST_FRAMING = 4 * 1024  # bytes after a head by which what is no body exceeds it: sizes of chunks, trailers
MOST_FIELDS = 100  # of a head
MOST_WAITING = 24  # requests sent on one connection before the first was answered
PIECE = 4 * 1024  # bytes looked at together
CUTS = 20  # connections a second are closed of clients that would come again at once
WAITING: WeakKeyDictionary[ServerState, "OrderedDict[Connection, None]"] = WeakKeyDictionary()  # longest first
LAST: WeakKeyDictionary[ServerState, "OrderedDict[Connection, None]"] = WeakKeyDictionary()  # of `waiting_for`
KEPT: WeakKeyDictionary[ServerState, "OrderedDict[Connection, None]"] = WeakKeyDictionary()  # closed in turn
EXTENSION = "sensorium.connection"  # of the scope


def limit() -> None:
    """Makes this process, if it becomes a server, hold its connections within limits."""
    HTTP_PROTOCOLS["auto"] = f"{__name__}:{Connection.__name__}"
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    files = max(soft, min(hard, 2 * MOST + RESERVED))
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, hard))
    Connection.most = most_connections(files)


def most_connections(files: int) -> int:
    """How many connections there may be where a process may open so many files.

    Half as many are kept until they are closed, and as many may be accepted together before the first of them can be
    turned away.
    """
    return min(MOST, max(1, (files - RESERVED) // 2))


class Connection(HttpToolsProtocol):
    """One connection; those that give way, then those that wait for their client longest, make room for new ones."""

    most: ClassVar[int] = MOST
    cut_until: ClassVar[float] = 0.0  # by the clock of the loop: when the last is closed which broke a limit

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self._asked: deque[RequestResponseCycle] = deque()  # requests that have no whole answer yet
        self._deadline: TimerHandle | None = None  # while the client is waited for
        self._waiting = WAITING.setdefault(self.server_state, OrderedDict())
        self._last = LAST.setdefault(self.server_state, OrderedDict())
        self._kept = KEPT.setdefault(self.server_state, OrderedDict())
        self._unread = 0  # bytes of answers when that was looked at last
        self._framing = self._body = 0  # bytes of the message that is coming
        self._parts = Parts()
        self._turn: Future[None] | None = None  # that its request waits for
        self._is_over = False  # it is only kept for a while
        self._in_head = True  # or before it
        self._ended = False  # a head or a message, in the piece that is looked at

    def connection_made(self, transport: Any) -> None:
        """Begins, and ends another one if there are too many."""
        super().connection_made(transport)
        self.flow: Flow = Flow(transport)
        self._wait(HEAD_SECONDS)
        if len(self.connections) - len(self._kept) > self.most:
            first = next(iter(self._last or self._waiting))
            first._shut(HTTPStatus.SERVICE_UNAVAILABLE, "crowded")
        if len(self._kept) > self.most // 2:
            self._kept.popitem(last=False)[0].transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Ends, and tells all that were being answered, where uvicorn tells the last only."""
        super().connection_lost(exc)
        self._leave()
        self._last.pop(self, None)
        self._kept.pop(self, None)
        self._parts.take()
        self._go_on()

    def data_received(self, data: bytes) -> None:
        """Looks at what came, a piece at a time, so that no more than a piece is beyond any limit."""
        for start in range(0, len(data), PIECE):
            if self._is_done():
                return
            self._look_at(data[start : start + PIECE])
            if seconds := self._parts.owe(self._body, self.loop.time()):
                self._hold(data[start + PIECE :], seconds)
                return

    def _look_at(self, piece: bytes) -> None:
        body, self._ended = self._body, False
        super().data_received(piece)
        if not self._ended:  # else it is not known how much of the piece is of what follows
            self._framing += len(piece) - (self._body - body)
        if self._framing > (MOST_HEAD if self._in_head else MOST_FRAMING + self._body):
            self._shut(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "large")

    def _hold(self, rest: bytes, seconds: float) -> None:
        """Looks at the rest, and reads on, after some time."""
        if self._is_done():
            return
        if not self._parts.keep(rest):
            self._shut(HTTPStatus.TOO_MANY_REQUESTS, "parts")
            return
        self.flow.hold()
        self.loop.call_later(seconds, self._let_go)

    def _let_go(self) -> None:
        if self._is_done():
            return
        self.flow.is_held = False
        if len(self.cycle.body) <= HIGH_WATER_LIMIT:  # else the application reads on when it has taken that
            self.flow.resume_reading()
        self.data_received(self._parts.take())

    def shutdown(self) -> None:
        """The server ends: what is only kept does not hold it up."""
        if self._is_over:
            self.transport.abort()
        else:
            super().shutdown()

    def send_400_response(self, msg: str) -> None:
        """What came is no HTTP."""
        if not self._is_done():
            self._shut(HTTPStatus.BAD_REQUEST, "malformed")

    def _should_upgrade(self) -> bool:
        return False  # nothing here speaks WebSocket

    def _unsupported_upgrade_warning(self) -> None:
        """Says nothing: a request to upgrade is answered as any other."""

    def on_header(self, name: bytes, value: bytes) -> None:
        """A field of the head; those after a body are not read."""
        if self._in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is there: the application takes over, if it is none too large."""
        if self._is_done():
            return
        self._in_head, self._framing, self._ended = False, 0, True
        size = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
        if size > MOST_HEAD or len(self.headers) > MOST_FIELDS:
            self._shut(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "large")
        elif len(self.pipeline) >= MOST_WAITING:
            self._shut(HTTPStatus.TOO_MANY_REQUESTS, "crowded")
        else:
            self.scope["extensions"] = {EXTENSION: {"connection": self}}
            super().on_headers_complete()
            self._asked.append(self.cycle)
            self._go_on()

    def on_body(self, body: bytes) -> None:
        """A part of a body."""
        self._body += len(body)
        self._parts.add()
        if not self._is_done():
            super().on_body(body)

    def on_message_complete(self) -> None:
        """A request is whole."""
        self._framing = self._body = 0
        self._parts.end()
        self._in_head = self._ended = True
        if not self._is_done():
            super().on_message_complete()

    def on_response_complete(self) -> None:
        """An answer is written."""
        self._asked.popleft()
        super().on_response_complete()
        if not self._asked:
            self._wait(READ_SECONDS if self.flow.write_paused else HEAD_SECONDS)

    def pause_writing(self) -> None:
        """The client does not read as fast as it is written to."""
        super().pause_writing()
        self._wait(READ_SECONDS)

    def resume_writing(self) -> None:
        """The client has read."""
        super().resume_writing()
        self._go_on()
        if not self._asked:
            self._wait(HEAD_SECONDS)

    @contextmanager
    def wait_for(self, turn: "Future[None]", gives_way: bool) -> Iterator[None]:
        """Meanwhile a turn is waited for, and given back if the client goes; one that gives way keeps out no other."""
        self._turn = turn
        if gives_way:
            self._last[self] = None
        try:
            yield
        finally:
            self._turn = None
            self._last.pop(self, None)

    def _wait(self, seconds: float) -> None:
        """Gives the client so long."""
        self._go_on()
        self._unread = self.transport.get_write_buffer_size()
        if not self.transport.is_closing():
            self._waiting[self] = None
        self._deadline = self.loop.call_later(seconds, self._give_up)

    def _go_on(self) -> None:
        """Does not wait for the client any more."""
        self._waiting.pop(self, None)
        if self._deadline:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        unread = self.transport.get_write_buffer_size()
        if 0 < unread < self._unread:
            self._wait(READ_SECONDS)
        elif unread or self.transport.is_closing():
            CUT.labels("unread").inc()
            self.transport.abort()
        else:
            CUT.labels("late").inc()
            self.transport.close()

    def _is_done(self) -> bool:
        return self._is_over or bool(self.transport.is_closing())

    def _leave(self) -> None:
        """Nobody answers what was asked."""
        self.pipeline.clear()
        for asked in self._asked:
            asked.disconnected = True
            asked.message_event.set()
        if self._turn and not self._turn.done():
            self._turn.set_exception(ClientDisconnect())

    def _shut(self, status: HTTPStatus, why: str) -> None:
        """Says what is wrong if no other answer is being given, reads no more, and closes when its turn comes."""
        CUT.labels(why).inc()
        if self.transport.is_closing():
            self.transport.abort()
            return
        if not self._asked:
            self.transport.write(_answer(status))
        self._is_over = True
        self._leave()
        self._parts.take()
        self.flow.hold()
        self._go_on()
        self._last.pop(self, None)
        self._kept[self] = None
        now = self.loop.time()
        Connection.cut_until = min(max(Connection.cut_until, now) + 1 / CUTS, now + READ_SECONDS)
        close = self.transport.abort if self._asked else self.transport.close
        self._deadline = self.loop.call_at(Connection.cut_until, close)


@contextmanager
def waiting_for(scope: Mapping[str, Any], turn: "Future[None]", gives_way: bool) -> Iterator[None]:
    """While a request waits for its turn, which fails with `ClientDisconnect` when its client goes.

    Args:
        scope: of the request.
        turn: that it waits for.
        gives_way: its connection keeps out no other, as nobody vouched for it.
    """
    connection: Connection | None = scope.get("extensions", {}).get(EXTENSION, {}).get("connection")
    if connection is None:  # of another server
        yield
        return
    with connection.wait_for(turn, gives_way):
        yield


SENTENCES = {
    HTTPStatus.BAD_REQUEST: "this is no HTTP request",
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: f"a head has {MOST_HEAD // 1024} KiB and {MOST_FIELDS} fields at most",
    HTTPStatus.TOO_MANY_REQUESTS: (
        f"{MOST_WAITING} requests may wait for their answer on one connection, and bodies come in larger parts"
    ),
    HTTPStatus.SERVICE_UNAVAILABLE: "the service has as many connections as it takes; try again soon",
}


@cache
def _answer(status: HTTPStatus) -> bytes:
    body = json.dumps({"error": SENTENCES[status]}).encode()
    fields = b"Content-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(body)
    return STATUS_LINE[status] + fields + body
