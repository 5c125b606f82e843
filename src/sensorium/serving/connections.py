"""HTTP connections within limits: what a client may cost whether or not it has a key.

uvicorn bounds neither the size of a head nor the time it takes, nor how many connections there are, and BentoML, which
starts uvicorn, hands nothing of that kind on. So uvicorn's own protocol is made stricter here. All time that is waited
for a client is limited: for a whole head, for the next request, and for an answer to be read. The time of a body is
`guarding`'s, which can answer in a sentence.
"""

import resource
from asyncio import Future, TimerHandle
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from http import HTTPStatus
from typing import Any, ClassVar

from starlette.requests import ClientDisconnect
from uvicorn._types import ASGI3Application
from uvicorn.config import HTTP_PROTOCOLS
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from sensorium.serving.all_connections import MOST, RESERVED, AllConnections, most_connections
from sensorium.serving.incoming import Incoming
from sensorium.serving.metrics import CUT
from sensorium.serving.rejections import MOST_WAITING, answer

HEAD_SECONDS = 10.0  # from the connection, or the last answer, until a request's head is there
READ_SECONDS = 30.0  # for a client to read some of an answer
EXTENSION = "sensorium.connection"  # of the scope


def limit(knows: Callable[[Mapping[str, Any]], bool]) -> None:
    """Makes this process, if it becomes a server, hold its connections within limits.

    Args:
        knows: whether the scope of a request shows a known key; others' requests begin one after another.
    """
    HTTP_PROTOCOLS["auto"] = f"{__name__}:{Connection.__name__}"
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    files = max(soft, min(hard, 2 * MOST + RESERVED))
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, hard))
    AllConnections.most = most_connections(files)
    Connection.knows = staticmethod(knows)


class Connection(Incoming):
    """One connection; those that give way, then those that wait for their client longest, make room for new ones."""

    knows: ClassVar[Callable[[Mapping[str, Any]], bool]] = staticmethod(lambda _: True)

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self.is_known = False  # its latest request showed a key
        self._all = AllConnections.of(self.server_state)
        self._asked: deque[RequestResponseCycle] = deque()  # requests that have no whole answer yet
        self._deadline: TimerHandle | None = None  # while the client is waited for
        self._unread = 0  # bytes of answers when that was looked at last
        self._turn: Future[None] | None = None  # that its request waits for
        self._is_over = False  # it is only kept for a while

    def connection_made(self, transport: Any) -> None:
        """Begins, and ends another one if there are too many."""
        super().connection_made(transport)
        self._wait(HEAD_SECONDS)
        self._all.make_room(len(self.connections))

    def connection_lost(self, exc: Exception | None) -> None:
        """Ends, and tells all that were being answered, where uvicorn tells the last only."""
        super().connection_lost(exc)
        self._leave()
        self._parts.take()
        self._go_on()
        self._all.leave(self)

    def shutdown(self) -> None:
        """The server ends: what is only kept does not hold it up."""
        if self._is_over:
            self.transport.abort()
        else:
            super().shutdown()

    def is_done(self) -> bool:
        """Whether nothing that comes is looked at any more."""
        return self._is_over or bool(self.transport.is_closing())

    def ask(self) -> None:
        """A head is there: the application takes over."""
        if len(self.pipeline) >= MOST_WAITING:
            self.shut(HTTPStatus.TOO_MANY_REQUESTS, "crowded")
            return
        self.scope["extensions"] = {EXTENSION: {"connection": self}}
        super().ask()
        self._asked.append(self.cycle)
        self._go_on()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        """The application is asked; for a stranger when the turn comes, since all of them at once would take long."""
        self.is_known = Connection.knows(cycle.scope)
        if self.is_known:
            super()._start_asgi_task(cycle, app)
            return
        self._turn = self._all.start(self, cycle.scope["path"])
        self._all.last[self] = None
        self._turn.add_done_callback(partial(self._start, cycle, app))

    def _start(self, cycle: RequestResponseCycle, app: ASGI3Application, turn: "Future[None]") -> None:
        turn.exception()  # one that came too late is none: the application says no to it
        self._turn = None
        self._all.last.pop(self, None)
        if not cycle.disconnected:
            super()._start_asgi_task(cycle, app)

    def crowd_out(self) -> None:
        """Makes room."""
        self.shut(HTTPStatus.SERVICE_UNAVAILABLE, "crowded")

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
            self._all.last[self] = None
        try:
            yield
        finally:
            self._turn = None
            self._all.last.pop(self, None)

    def _wait(self, seconds: float) -> None:
        """Gives the client so long."""
        self._go_on()
        self._unread = self.transport.get_write_buffer_size()
        if not self.transport.is_closing():
            self._all.wait(self)
        self._deadline = self.loop.call_later(seconds, self._give_up)

    def _go_on(self) -> None:
        """Does not wait for the client any more."""
        self._all.go_on(self)
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

    def _leave(self) -> None:
        """Nobody answers what was asked."""
        self.pipeline.clear()
        for asked in self._asked:
            asked.disconnected = True
            asked.message_event.set()
        if self._turn and not self._turn.done():
            self._turn.set_exception(ClientDisconnect())

    def shut(self, status: HTTPStatus, why: str) -> None:
        """Says what is wrong if no other answer is being given, reads no more, and closes when its turn comes."""
        CUT.labels(why).inc()
        if self.transport.is_closing():
            self.transport.abort()
            return
        if not self._asked:
            self.transport.write(answer(status))
        self._is_over = True
        self._leave()
        self._parts.take()
        self.flow.hold()
        self._go_on()
        close = self.transport.abort if self._asked else self.transport.close
        self._deadline = self.loop.call_at(self._all.keep(self, self.loop.time()), close)


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
