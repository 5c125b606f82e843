"""Answers that a connection gives itself, to what no application is asked about."""

import json
from functools import cache
from http import HTTPStatus

from uvicorn.protocols.http.httptools_impl import STATUS_LINE

MOST_HEAD = 32 * 1024  # bytes
MOST_FIELDS = 100  # of a head
MOST_WAITING = 24  # requests sent on one connection before the first was answered
SENTENCES = {
    HTTPStatus.BAD_REQUEST: "this is no HTTP request",
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: f"a head has {MOST_HEAD // 1024} KiB and {MOST_FIELDS} fields at most",
    HTTPStatus.TOO_MANY_REQUESTS: (
        f"{MOST_WAITING} requests may wait for their answer on one connection, and bodies come in larger parts"
    ),
    HTTPStatus.SERVICE_UNAVAILABLE: "the service has as many connections as it takes; try again soon",
}


@cache
def answer(status: HTTPStatus) -> bytes:
    """What is written to the client, and is the last."""
    body = json.dumps({"error": SENTENCES[status]}).encode()
    fields = b"Content-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(body)
    return STATUS_LINE[status] + fields + body
