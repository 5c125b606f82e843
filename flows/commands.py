"""Commands run as children whose lines are passed on as they come, and which end with the run."""

import subprocess
import sys
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

KEPT_LINES = 15


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
    lifeline = [sys.executable, "-m", "sensorium.lifeline", *command]
    lines: deque[str] = deque(maxlen=KEPT_LINES)
    with subprocess.Popen(lifeline, cwd=root, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as child:
        assert child.stdout is not None
        for line in child.stdout:
            if line.strip():
                lines.append(line.rstrip())
                pass_on(line.rstrip())
    return Finished(child.returncode, tuple(lines))
