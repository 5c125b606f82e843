"""The challenger beside the champion: it gets the same inputs, is written down, and never answers."""

import asyncio
import logging
from collections.abc import Mapping
from concurrent.futures import Executor
from typing import Any

from sensorium.errors import BadInput
from sensorium.serving.answers import views
from sensorium.serving.journal import Journal
from sensorium.serving.live import Asked, Live
from sensorium.serving.metrics import SHADOW
from sensorium.serving.recording import compare, record

MOST_WAITING = 64  # samples; a challenger that does not keep up leaves some out rather than slow the champion
log = logging.getLogger("sensorium.serving")


class Shadow:
    """Runs the challenger after the answer was made.

    Args:
        journal: where its predictions are written.
        decoding: threads.
    """

    def __init__(self, journal: Journal, decoding: Executor) -> None:
        self._journal, self._decoding = journal, decoding
        self._running: set[asyncio.Task[None]] = set()

    def follow(self, challenger: Live, request_id: str, raw: Mapping[str, Any], champion: Mapping[str, str]) -> None:
        """Starts a prediction that nobody waits for; ``champion`` has the labels that were answered."""
        if len(self._running) >= MOST_WAITING:
            SHADOW.labels("", "left out").inc()
            return
        task = asyncio.create_task(self._predict(challenger, request_id, dict(raw), champion))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _predict(self, live: Live, request_id: str, raw: dict[str, Any], champion: Mapping[str, str]) -> None:
        known = {name: value for name, value in raw.items() if name in live.predictor.inputs}
        try:
            prepared = await asyncio.get_running_loop().run_in_executor(self._decoding, live.accept, known)
            given = [name in prepared for name in live.predictor.inputs]
            seen, _ = await live.ask(Asked(prepared, views(given, explained=False)))
        except BadInput:
            SHADOW.labels("", "refused").inc()  # a challenger may read fewer inputs than the champion
        except Exception:
            SHADOW.labels("", "failed").inc()
            log.exception("the challenger failed", extra={"request_id": request_id})
        else:
            labels = record(self._journal, request_id, live, list(prepared), seen.shares)
            compare(champion, labels)
