"""Structured logs: a JSON object a line on standard output, with the request's id, never with content."""

import logging
import os
import sys
import traceback
import warnings
from contextlib import suppress
from typing import Any

from pythonjsonlogger.json import JsonFormatter

STDOUT, STDERR = 1, 2  # file descriptors
OTHERS = ("bentoml", "uvicorn.error", "circus")  # loggers to which BentoML gives its own handler and words
SERVER = "tracehandler"  # the name of that handler


class _Lines(JsonFormatter):
    """A record as JSON; of an accident where it was, but not its message, which may repeat what was sent."""

    def formatException(self, ei: Any) -> str:  # noqa: N802 - logging's name
        where = whereabouts(ei[1])
        return f"{where['error']} at {', '.join(where['at'])}"


_lines: logging.StreamHandler[Any] = logging.StreamHandler(sys.stdout)
_lines.setFormatter(
    _Lines(["levelname", "name", "message"], timestamp=True, rename_fields={"levelname": "level", "name": "logger"})
)


def is_server() -> bool:
    """Whether BentoML serves here, rather than builds or looks at a Bento, whose words are a command's."""
    return any(handler.name == SERVER for handler in logging.getLogger("bentoml").handlers)


def configure() -> None:
    """Writes what anybody logs to standard output, in lines of JSON: this service, its server, libraries, warnings."""
    _lines.setStream(sys.stdout)
    root = logging.getLogger()
    root.handlers, root.level = [_lines], logging.WARNING
    for name in OTHERS:
        logging.getLogger(name).handlers, logging.getLogger(name).propagate = [], True
    logging.getLogger("sensorium").setLevel(logging.INFO)
    logging.captureWarnings(True)
    # They are about a request's bytes, and Python remembers every wording for ever.
    warnings.filterwarnings("ignore", module=r"PIL\.")


def own_stdout() -> None:
    """Keeps standard output to these lines: whatever else is printed there from now on goes to standard error.

    That is what decoders print in C, and what children of this process do.
    """
    sys.stdout.flush()
    with suppress(OSError):  # there may be no standard error
        lines = os.fdopen(os.dup(STDOUT), "w", encoding="utf-8", buffering=1)
        os.dup2(STDERR, STDOUT)
        _lines.setStream(lines)


def whereabouts(error: BaseException) -> dict[str, Any]:
    """Sort and place of an accident; not its message, which may repeat what was sent."""
    frames = traceback.extract_tb(error.__traceback__)
    return {"error": type(error).__name__, "at": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]}
