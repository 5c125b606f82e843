"""Structured logs: a JSON object a line on standard output, with the request's id, never with content."""

import logging
import sys

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
