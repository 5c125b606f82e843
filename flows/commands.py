"""Commands run as children whose lines are passed on as they come, and which end with the run."""

import os
import signal
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from flows.starter import Starter

KEPT_LINES = 15

_running: set[int] = set()  # process groups
_ending = threading.Event()


@dataclass(frozen=True)
class Finished:
    """How a command ended: its status and last lines."""

    status: int
    lines: tuple[str, ...]

    def says(self, words: str) -> bool:
        """Whether one of the last lines holds these words."""
        return any(words in line for line in self.lines)


def run(command: list[str], root: Path, pass_on: Callable[[str], None]) -> Finished:
    """Runs a command to its end.

    Args:
        command: and its arguments.
        root: where to run it.
        pass_on: called with every line of its output.
    """
    started = Starter.of(root).start(command, root)
    _running.add(started.group)
    last: deque[str] = deque(maxlen=KEPT_LINES)
    with started.lines, started.status:
        for line in started.lines:
            if line.strip():
                last.append(line.rstrip())
                pass_on(line.rstrip())
        status = started.status.readline()
    _running.discard(started.group)
    return Finished(int(status or -signal.SIGKILL), tuple(last))


def end_all() -> None:
    """Ends all commands and what they started; for a run that is cancelled."""
    _ending.set()
    for group in list(_running):
        with suppress(ProcessLookupError):  # it has just ended
            os.killpg(group, signal.SIGTERM)


def are_ending() -> bool:
    """Whether `end_all` was called, so that no command should be tried again."""
    return _ending.is_set()
