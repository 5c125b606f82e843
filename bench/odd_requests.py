"""Asks the service thousands of odd requests, drawn by chance, and counts what it answers: never with 5xx.

Takes the model that `dvc repro` left and real rows of the test split. A request is a good one that was changed in one
place or several: bytes of its body, its JSON or form, headers, path, or method.
"""

import argparse
import base64
import http.client
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track
from serving import Server, free_port, read_forms

VALUES: tuple[Any, ...] = (
    None, True, -0.0, 1e308, 10**400, "", " ", "\0", "\ud800", "a" * 70_000, "\u0300" * 5000, "💥", "../../etc/passwd",
    "http://localhost/x", "data:image/png;base64,AAAA", "file:///etc/passwd", [], [[[[]]]], {}, {"a": {"b": 1}},
    ["x"] * 500,
)  # fmt: skip
TYPES = (
    "application/json", "application/json; charset=utf-16", "text/plain", "multipart/form-data", "application/jsonx",
    "", "multipart/form-data; boundary=X", "application/x-www-form-urlencoded", "\xff",
    "application/json; charset=nowhere",
)  # fmt: skip
PATHS = ("/predict", "/predict_batch", "/explain", "/feedback", "/docs.json", "/nowhere", "/ui/../params.yaml", "/%00")
METHODS = ("POST", "GET", "PUT", "DELETE", "OPTIONS", "HEAD", "PATCH", "BREW")
HEADERS = {
    "Authorization": ("Bearer x", "Basic eA==", "Bearer", "\xff"), "Content-Encoding": ("gzip", "br", "x"),
    "Accept": ("text/html", "x"), "Origin": ("http://evil.example",), "traceparent": ("00-" + "0" * 55, "x"),
    "X-Request-Id": ("x" * 3000, "\x7f"), "Expect": ("100-continue",), "Range": ("bytes=0-1,3-9999999999999999999",),
    "Transfer-Encoding": ("identity",), "Host": ("", "evil.example"), "Cookie": ("a=" + "b" * 5000,),
}  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """A request."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


Change = Callable[[Asked, random.Random], Asked]


def with_odd_bytes(asked: Asked, chance: random.Random) -> Asked:
    """Some bytes of the body are others, are gone, or are there twice."""
    body = bytearray(asked.body)
    for _ in range(chance.randint(1, 8)):
        place = chance.randrange(len(body) + 1)
        end = place + chance.choice((1, 1, 4, 100, 10_000))
        body[place:end] = chance.choice((b"", chance.randbytes(end - place), body[place:end] * 2, b"\0" * 20))
    return replace(asked, body=bytes(body))


def with_odd_value(asked: Asked, chance: random.Random) -> Asked:
    """One value of a JSON body is an odd one."""
    content: dict[str, Any] = {"text": "a frog"}
    with suppress(ValueError, TypeError):  # another change broke it, or it is a form
        content |= json.loads(asked.body)
    names = [*content, "image", "text", "nothing", "", "a" * 3000, "__proto__", "request_id", "labels", "samples"]
    content[chance.choice(names)] = chance.choice(VALUES)
    if chance.random() < 0.2:
        others = (list(content), [content] * 40, {"samples": [content] * 3}, content | {"labels": content})
        content = chance.choice(others)
    return replace(
        asked, headers=asked.headers | {"Content-Type": "application/json"}, body=json.dumps(content).encode()
    )


def with_odd_header(asked: Asked, chance: random.Random) -> Asked:
    """A header is an odd one."""
    name = chance.choice(list(HEADERS))
    return replace(asked, headers=asked.headers | {name: chance.choice(HEADERS[name])})


def with_odd_type(asked: Asked, chance: random.Random) -> Asked:
    """The body is said to be something else."""
    return replace(asked, headers=asked.headers | {"Content-Type": chance.choice(TYPES)})


def elsewhere(asked: Asked, chance: random.Random) -> Asked:
    """Another path or method."""
    if chance.random() < 0.5:
        return replace(asked, path=chance.choice(PATHS) + chance.choice(("", "/", "?x=1", "?" + "&".join("a" * 900))))
    return replace(asked, method=chance.choice(METHODS))


CHANGES: tuple[Change, ...] = (with_odd_bytes, with_odd_value, with_odd_header, with_odd_type, elsewhere)


def good_requests() -> list[Asked]:
    """Of every sort of body: a form, JSON, a batch, feedback."""
    found = []
    for body, sort in read_forms()[:8]:
        sample = {"text": "a small green frog", "image": base64.b64encode(body[-3000:]).decode()}
        found.append(Asked("POST", "/predict", {"Content-Type": sort}, body))
        for path, content in (
            ("/predict", sample),
            ("/explain", sample),
            ("/predict_batch", {"samples": [sample, {"text": "a cat"}]}),
            ("/feedback", {"request_id": "x", "labels": {"category": "animals"}}),
        ):
            found.append(Asked("POST", path, {"Content-Type": "application/json"}, json.dumps(content).encode()))
    return found


def answer(port: int, asked: Asked) -> int:
    """The status, 0 where the connection was closed instead."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.putrequest(asked.method, asked.path, skip_host="Host" in asked.headers)
        for name, value in asked.headers.items():
            connection.putheader(name, value.encode("latin-1", "replace"))
        connection.putheader("Content-Length", str(len(asked.body)))
        connection.endheaders(asked.body)
        answered = connection.getresponse()
        answered.read()
        return answered.status
    except (http.client.HTTPException, OSError, ValueError):
        return 0
    finally:
        connection.close()


def main() -> None:
    """Prints how often each status came, and the slowest request; exits 1 after an answer of 5xx."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    told = parser.parse_args()
    chance, good, port = random.Random(told.seed), good_requests(), free_port()
    command = [str(Path(sys.executable).with_name("bentoml")), "serve", "--port", str(port)]
    server = Server("sensorium", command, port, read_forms()[0])
    statuses, slowest, broken = Counter[int](), (0.0, good[0]), list[Asked]()
    try:
        for _ in track(range(told.requests), "ask"):
            asked = chance.choice(good)
            for change in chance.choices(CHANGES, k=chance.randint(1, 3)):
                asked = change(asked, chance)
            began = time.perf_counter()
            status = answer(port, asked)
            slowest = max(slowest, (time.perf_counter() - began, asked), key=lambda one: one[0])
            statuses[status] += 1
            if status >= 500 and status != 503:
                broken.append(asked)
    finally:
        server.stop()
    seconds, longest = slowest
    Console().print(dict(sorted(statuses.items())), f"slowest {seconds:.2f} s: {longest.method} {longest.path}")
    for asked in broken[:10]:
        Console().print(asked.method, asked.path, asked.headers, repr(asked.body[:300]), markup=False)
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    main()
