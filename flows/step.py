"""A command of `sensorium` that is no stage of the graph, and the file in which it tells what it found."""

import json
from pathlib import Path
from typing import Any

from prefect.logging import get_run_logger

from flows.commands import run
from flows.stage import StageFailed


def step(root: Path, answer: str, command: str, *arguments: str) -> dict[str, Any]:
    """Runs a command to its end and reads its answer.

    Args:
        root: where to run it.
        answer: the JSON file that the command writes.
        command: of ``sensorium``.
        arguments: of the command.

    Raises:
        StageFailed: if it did not succeed.
    """
    finished = run(["sensorium", command, *arguments], root, get_run_logger().info)
    if finished.status:
        raise StageFailed(command, finished)
    return json.loads((root / answer).read_text())
