"""Commands run as children whose lines are passed on as they come, and which end with the run."""

import os
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

KEPT_LINES = 15

_running: set[subprocess.Popen[str]] = set()
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
    # The module asks the kernel to end the command with this process, so that a killed run leaves no child.
    tied = [sys.executable, "-m", "sensorium.parent_death", *command]
    lines: deque[str] = deque(maxlen=KEPT_LINES)
    with subprocess.Popen(
        tied, cwd=root, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True
    ) as child:
        assert child.stdout is not None
        _running.add(child)
        for line in child.stdout:
            if line.strip():
                lines.append(line.rstrip())
                pass_on(line.rstrip())
    _running.discard(child)
    return Finished(child.returncode, tuple(lines))


def end_all() -> None:
    """Ends all commands and what they started; for a run that is cancelled."""
    _ending.set()
    for child in list(_running):
        os.killpg(child.pid, signal.SIGTERM)


def are_ending() -> bool:
    """Whether `end_all` was called, so that no command should be tried again."""
    return _ending.is_set()
