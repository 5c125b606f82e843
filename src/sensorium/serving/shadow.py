"""The challenger beside the champion: it gets the same inputs, is written down, and never answers."""

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

from sensorium.errors import BadInput
from sensorium.modalities.request_fields import with_column_names
from sensorium.runtime.answers import presence_masks
from sensorium.serving.journal import Journal
from sensorium.serving.live import Live, Query
from sensorium.serving.logs import whereabouts
from sensorium.serving.metrics import SHADOW
from sensorium.serving.recording import Origin, compare, record

MOST_WAITING = 64  # samples; a challenger that does not keep up leaves some out rather than slow the champion
MOST_BYTES = 64 * 2**20  # of their raw values
NUMBER = 32  # bytes that one takes in a list
log = logging.getLogger("sensorium.serving")


class Shadow:
    """Runs the challenger after the answer was made.

    Args:
        journal: where its predictions are written.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._running: set[asyncio.Task[None]] = set()
        self._bytes = 0

    def follow(self, challenger: Live, origin: Origin, raw: Mapping[str, Any], champion: Mapping[str, Any]) -> None:
        """Starts a prediction that nobody waits for; ``champion`` has what is remembered of its answers."""
        size = _size(raw)
        if len(self._running) >= MOST_WAITING or self._bytes + size > MOST_BYTES:
            SHADOW.labels("", "left out").inc()
            return
        task = asyncio.create_task(self._predict(challenger, origin, dict(raw), champion))
        self._running.add(task)
        self._bytes += size
        task.add_done_callback(lambda done: self._end(done, size))

    async def finish(self) -> None:
        """Waits for what was begun."""
        await asyncio.gather(*self._running)

    def _end(self, task: asyncio.Task[None], size: int) -> None:
        self._running.discard(task)
        self._bytes -= size

    async def _predict(self, live: Live, origin: Origin, raw: dict[str, Any], champion: Mapping[str, Any]) -> None:
        named = with_column_names(raw, live.predictor.fields)
        known = {name: value for name, value in named.items() if name in live.predictor.fields}
        try:
            accepted = await asyncio.get_running_loop().run_in_executor(live.threads, live.accept, known)
            given = [name in accepted.prepared for name in live.predictor.inputs]
            outputs, _ = await live.ask(Query(accepted.prepared, presence_masks(given, explained=False)))
        except BadInput:
            SHADOW.labels("", "refused").inc()  # a challenger may read fewer inputs than the champion
        except Exception as error:
            SHADOW.labels("", "failed").inc()
            log.error("the challenger failed", extra={"request_id": origin.id} | whereabouts(error))
        else:
            compare(live.predictor.targets, champion, record(self._journal, origin, live, accepted, outputs))


def _size(raw: Any) -> int:
    """Bytes that a raw value holds, about."""
    if isinstance(raw, bytes | str):
        return len(raw)
    if isinstance(raw, Mapping):
        return sum(map(_size, raw.values()))
    return NUMBER * len(raw) if isinstance(raw, list) else NUMBER
