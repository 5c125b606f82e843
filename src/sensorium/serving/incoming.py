"""What comes on a connection, within limits of size: heads, what frames bodies, and bodies in small parts.

uvicorn bounds none of it, and BentoML, which starts uvicorn, hands nothing of that kind on.
"""

from abc import abstractmethod
from http import HTTPStatus
from typing import Any

from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from sensorium.serving.parts import Flow, Parts
from sensorium.serving.rejections import MOST_FIELDS, MOST_HEAD

MOST_FRAMING = 4 * 1024  # bytes after a head by which what is no body exceeds it: sizes of chunks, trailers
PIECE = 4 * 1024  # bytes looked at together


class Incoming(HttpToolsProtocol):
    """Reads requests."""

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self._framing = self._body = 0  # bytes of the message that is coming
        self._parts = Parts()
        self._in_head = True  # or before it
        self._ended = False  # a head or a message, in the piece that is looked at

    @abstractmethod
    def is_done(self) -> bool:
        """Whether nothing that comes is looked at any more."""

    @abstractmethod
    def shut(self, status: HTTPStatus, why: str) -> None:
        """Ends the connection, as what came on it breaks a limit."""

    def connection_made(self, transport: Any) -> None:
        """Begins."""
        super().connection_made(transport)
        self.flow: Flow = Flow(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Ends."""
        super().connection_lost(exc)
        self._parts.take()

    def data_received(self, data: bytes) -> None:
        """Looks at what came, a piece at a time, so that no more than a piece is beyond any limit."""
        for start in range(0, len(data), PIECE):
            if self.is_done():
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
            self.shut(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "large")

    def _hold(self, rest: bytes, seconds: float) -> None:
        """Looks at the rest, and reads on, after some time."""
        if self.is_done():
            return
        if not self._parts.keep(rest):
            self.shut(HTTPStatus.TOO_MANY_REQUESTS, "parts")
            return
        self.flow.hold()
        self.loop.call_later(seconds, self._let_go)

    def _let_go(self) -> None:
        if self.is_done():
            return
        self.flow.is_held = False
        if len(self.cycle.body) <= HIGH_WATER_LIMIT:  # else the application reads on when it has taken that
            self.flow.resume_reading()
        self.data_received(self._parts.take())

    def send_400_response(self, msg: str) -> None:
        """What came is no HTTP."""
        if not self.is_done():
            self.shut(HTTPStatus.BAD_REQUEST, "malformed")

    def _should_upgrade(self) -> bool:
        return False  # nothing here speaks WebSocket

    def _unsupported_upgrade_warning(self) -> None:
        """Says nothing: a request to upgrade is answered as any other."""

    def on_header(self, name: bytes, value: bytes) -> None:
        """A field of the head; those after a body are not read."""
        if self._in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is there."""
        if self.is_done():
            return
        self._in_head, self._framing, self._ended = False, 0, True
        size = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
        if size > MOST_HEAD or len(self.headers) > MOST_FIELDS:
            self.shut(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "large")
        else:
            self.ask()

    def ask(self) -> None:
        """A head is none too large: the application takes over."""
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A part of a body."""
        self._body += len(body)
        self._parts.add()
        if not self.is_done():
            super().on_body(body)

    def on_message_complete(self) -> None:
        """A request is whole."""
        self._framing = self._body = 0
        self._parts.end()
        self._in_head = self._ended = True
        if not self.is_done():
            super().on_message_complete()
