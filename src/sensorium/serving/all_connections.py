"""The connections of a server together: which of them make room for others, and when their requests begin."""

from asyncio import Future
from collections import OrderedDict
from typing import TYPE_CHECKING, ClassVar
from weakref import WeakKeyDictionary

from uvicorn.server import ServerState

from sensorium.serving.line import Line

if TYPE_CHECKING:
    from sensorium.serving.connections import Connection

MOST = 2000  # connections
RESERVED = 256  # files that are no connections
CUTS = 20  # connections a second are closed of clients that would come again at once
LONGEST_KEPT = 30.0  # seconds, of those that wait for that
STARTS = 250.0  # requests of strangers that begin in a second: each takes some tenths of a millisecond to be refused
STARTS_AHEAD = 50  # of them that need not wait
PROBES = {  # paths that others watch the service by, which no stranger may keep from it, and how many a second
    "/metrics": 10.0,  # it takes milliseconds
    "/livez": 20.0,
    "/readyz": 20.0,
    "/healthz": 20.0,
}


def most_connections(files: int) -> int:
    """How many connections there may be where a process may open so many files.

    Half as many are kept until they are closed, and as many may be accepted together before the first of them can be
    turned away.
    """
    return min(MOST, max(1, (files - RESERVED) // 2))


class AllConnections:
    """Of all connections, those that can make room, in the order in which they do.

    Attributes:
        last: those whose request gives way to everybody else's; first of all.
        strangers: those that wait for a client who has shown no key, longest first.
        known: those that wait for a client who has shown one.
        kept: those that have no place any more, and are closed in turn.
        starts: the line in which requests of strangers begin.
    """

    most: ClassVar[int] = MOST
    _of: ClassVar["WeakKeyDictionary[ServerState, AllConnections]"] = WeakKeyDictionary()

    def __init__(self) -> None:
        self.last: OrderedDict[Connection, None] = OrderedDict()
        self.strangers: OrderedDict[Connection, None] = OrderedDict()
        self.known: OrderedDict[Connection, None] = OrderedDict()
        self.kept: OrderedDict[Connection, None] = OrderedDict()
        self.starts = Line(STARTS, STARTS_AHEAD)
        self._cut_until = 0.0  # by the clock of the loop: when the last of those kept is closed

    @classmethod
    def of(cls, server: ServerState) -> "AllConnections":
        """That of a server."""
        if server not in cls._of:
            cls._of[server] = cls()
        return cls._of[server]

    def make_room(self, there_are: int) -> None:
        """Ends one connection if there are too many now."""
        if there_are - len(self.kept) > self.most:
            next(iter(self.last or self.strangers or self.known)).crowd_out()
        if len(self.kept) > self.most // 2:
            self.kept.popitem(last=False)[0].transport.abort()

    def wait(self, one: "Connection") -> None:
        """A connection waits for its client."""
        (self.known if one.is_known else self.strangers)[one] = None

    def go_on(self, one: "Connection") -> None:
        """A connection does not wait for its client any more."""
        self.strangers.pop(one, None)
        self.known.pop(one, None)

    def keep(self, one: "Connection", now: float) -> float:
        """A connection has no place any more; gives the time at which it is closed."""
        self.last.pop(one, None)
        self.kept[one] = None
        self._cut_until = min(max(self._cut_until, now) + 1 / CUTS, now + LONGEST_KEPT)
        return self._cut_until

    def leave(self, one: "Connection") -> None:
        """A connection is closed."""
        self.go_on(one)
        self.last.pop(one, None)
        self.kept.pop(one, None)

    def start(self, one: "Connection", path: str) -> "Future[None]":
        """The turn of a stranger's request."""
        return self.starts.join(path if path in PROBES else (one.client or ("",))[0])
