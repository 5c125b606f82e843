"""What the time of one request went into; metrics, the Server-Timing header and traces tell the same figures."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from opentelemetry import trace

from sensorium.serving.metrics import STEP


@dataclass(frozen=True)
class Step:
    """Part of a request.

    Attributes:
        name: read, decode, wait, encode, fuse.
        start: nanoseconds since 1970.
        seconds: it took.
    """

    name: str
    start: int
    seconds: float


class Steps:
    """The steps of one request, in their order."""

    def __init__(self) -> None:
        self.taken: list[Step] = []

    @contextmanager
    def time(self, name: str) -> Iterator[None]:
        """Times what happens inside."""
        start, began = time.time_ns(), time.perf_counter()
        try:
            yield
        finally:
            self._add(name, start, time.perf_counter() - began)

    def add_batch(self, waited: float, seconds: Mapping[str, float]) -> None:
        """Adds what has just ended: waiting for a batch, then the batch's own steps (which others shared)."""
        parts = {"wait": waited, **seconds}
        start = time.time_ns() - int(1e9 * sum(parts.values()))
        for name, duration in parts.items():
            self.taken.append(Step(name, start, duration))
            start += int(1e9 * duration)
        STEP.labels("wait").observe(waited)

    def header(self) -> str:
        """For Server-Timing (W3C), in milliseconds; samples of one request that ran at once are added up."""
        sums: dict[str, float] = {}
        for step in self.taken:
            sums[step.name] = sums.get(step.name, 0.0) + step.seconds
        return ", ".join(f"{name};dur={1000 * seconds:.2f}" for name, seconds in sums.items())

    def trace(self, tracer: trace.Tracer) -> None:
        """A child span of the current one for every step."""
        for step in self.taken:
            span = tracer.start_span(step.name, start_time=step.start)
            span.end(step.start + int(1e9 * step.seconds))

    def _add(self, name: str, start: int, seconds: float) -> None:
        self.taken.append(Step(name, start, seconds))
        STEP.labels(name).observe(seconds)
