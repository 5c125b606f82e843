"""Bodies that come in many small parts, each of which costs some microseconds, however small it is."""

from typing import ClassVar

from uvicorn.protocols.http.flow_control import FlowControl

FREE = 256  # parts of a body, and one for every so many bytes of it:
PART = 64
RATE = 10_000  # more of them a second, over all connections
MOST_HELD = 32 * 2**20  # bytes that wait for that, over all connections


class Flow(FlowControl):
    """Reading that can be held, whatever the application asks for."""

    is_held = False

    def hold(self) -> None:
        """Reads no more until it is let go."""
        self.pause_reading()
        self.is_held = True

    def resume_reading(self) -> None:
        """Reads on, if it is not held."""
        if not self.is_held:
            super().resume_reading()


class Parts:
    """The parts of the body that comes on one connection, and what came after them and is not looked at yet."""

    held: ClassVar[int] = 0  # bytes, over all connections
    paid_until: ClassVar[float] = 0.0  # by the clock of the loop

    def __init__(self) -> None:
        self._count = self._paid = 0
        self._rest = b""

    def add(self) -> None:
        """One more."""
        self._count += 1

    def end(self) -> None:
        """The body is whole."""
        self._count = self._paid = 0

    def owe(self, size: int, now: float) -> float:
        """Seconds that are to pass before more is looked at, when so many bytes of the body have come."""
        excess = self._count - FREE - size // PART - self._paid
        if excess <= 0:
            return 0.0
        self._paid += excess
        Parts.paid_until = max(Parts.paid_until, now) + excess / RATE
        return Parts.paid_until - now

    def keep(self, rest: bytes) -> bool:
        """Keeps what came after them, unless there is too much of that already."""
        if Parts.held + len(rest) > MOST_HELD:
            return False
        Parts.held += len(rest)
        self._rest = rest
        return True

    def take(self) -> bytes:
        """What was kept."""
        rest, self._rest = self._rest, b""
        Parts.held -= len(rest)
        return rest
