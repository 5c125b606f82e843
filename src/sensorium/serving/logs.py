"""Structured logs: a JSON object a line on standard output, with the request's id, never with content."""

import logging
import sys
import traceback

from pythonjsonlogger.json import JsonFormatter


def configure() -> None:
    """Sends what `sensorium` logs to standard output, and nowhere else."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        JsonFormatter(
            ["levelname", "name", "message"], timestamp=True, rename_fields={"levelname": "level", "name": "logger"}
        )
    )
    logger = logging.getLogger("sensorium")
    logger.handlers, logger.propagate = [handler], False
    logger.setLevel(logging.INFO)


def whereabouts(error: Exception) -> dict[str, object]:
    """Sort and place of an accident; not its message, which may repeat what was sent."""
    frames = traceback.extract_tb(error.__traceback__)
    return {"error": type(error).__name__, "at": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]}
