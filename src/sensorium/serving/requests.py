"""The raw inputs in a request, within limits; nothing a request says is opened as a path or fetched."""

import json
from collections.abc import Callable
from typing import Any, TypeVar

from python_multipart.multipart import parse_options_header
from starlette.requests import Request
from starlette.types import Message

from sensorium.errors import BadInput
from sensorium.modalities.unique_keys import unique_keys
from sensorium.runtime.predictor import Predictor
from sensorium.serving.encoded import charset_of, decoded, from_base64
from sensorium.serving.forms import MULTIPART, NOT_OPENED, URL_ENCODED, open_form, read_field
from sensorium.serving.refusal import Refused

JSON = "application/json"
MOST_PARTS = 500_000  # of a JSON body: each costs memory and time far beyond its bytes
AT_ONCE = 2**16  # bytes of JSON that are read where they come in, which takes a millisecond
TAIL = 200  # bytes; a boundary has at most 70
MARGIN = 2**20  # bytes that a body may hold beside its inputs' values
BASE64 = 4 / 3  # length of base64 over that of what it encodes
GZIP = b"\x1f\x8b"
Read = TypeVar("Read")


async def read_inputs(request: Request, predictor: Predictor) -> dict[str, Any]:
    """The raw value of every input given: bytes, text or columns; a JSON null counts as not given.

    Raises:
        Refused: if the body is no JSON object or form, too large, or holds something that is no input.
    """
    sort = _sort(request)
    if sort == JSON:
        return await _read_json(request, body_limit(predictor), lambda content: _inputs(content, predictor))
    if sort in (MULTIPART, URL_ENCODED):
        return await _from_form(_bounded(request, body_limit(predictor)), sort, predictor)
    raise Refused(415, f"{_named(sort)}; send JSON as {JSON}, or a form as {MULTIPART}")


async def read_samples(request: Request, predictor: Predictor, most: int) -> list[dict[str, Any] | Refused]:
    """The raw values of every sample of a JSON object ``{"samples": [...]}``, or why a sample cannot be used.

    Raises:
        Refused: if the body is no such object, too large, or has no samples or more than ``most``.
    """
    _require_json(request)
    return await _read_json(request, body_limit(predictor), lambda content: _samples(content, predictor, most))


def _samples(content: Any, predictor: Predictor, most: int) -> list[dict[str, Any] | Refused]:
    if unknown := sorted(set(_object(content)) - {"samples"}):
        raise Refused(400, f"unknown key {unknown[0][:40]!r}; samples are expected")
    samples = content.get("samples")
    if not isinstance(samples, list) or not samples:
        raise Refused(400, 'samples are expected: {"samples": [{...}, ...]}')
    if len(samples) > most:
        raise Refused(413, f"{len(samples)} samples are more than the {most} that one request may hold")
    return [_tried(sample, predictor) for sample in samples]


async def read_object(request: Request, limit: int) -> dict[str, Any]:
    """A body that is a JSON object.

    Raises:
        Refused: if it is none, or larger than ``limit`` bytes.
    """
    _require_json(request)
    return await _read_json(request, limit, _object)


def _require_json(request: Request) -> None:
    if (sort := _sort(request)) != JSON:
        raise Refused(415, f"{_named(sort)}; send JSON as {JSON}")


def _object(content: Any) -> dict[str, Any]:
    if not isinstance(content, dict):
        raise Refused(400, "the body must be a JSON object")
    return content


def body_limit(predictor: Predictor) -> int:
    """Bytes that a body may have."""
    return MARGIN + int(BASE64 * sum(field.max_bytes for field in predictor.fields.values()))


def _sort(request: Request) -> str:
    """The body's type.

    Raises:
        Refused: if the body is compressed: what it would grow to cannot be known before.
    """
    encoding = request.headers.get("content-encoding", "").strip().lower()
    if encoding not in ("", "identity"):
        raise _compressed(f"Content-Encoding: {encoding[:40]} is not read")
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def _compressed(what: str) -> Refused:
    refused = Refused(415, f"{what}; send the body as it is")
    refused.headers["Accept-Encoding"] = "identity"
    return refused


def _named(sort: str) -> str:
    return f"Content-Type: {sort[:80]} is not read" if sort else "the request names no Content-Type"


def _tried(sample: Any, predictor: Predictor) -> dict[str, Any] | Refused:
    try:
        return _inputs(sample, predictor)
    except Refused as refused:
        return refused


def _bounded(request: Request, limit: int) -> Request:
    """The same request, refused as soon as more than ``limit`` bytes of its body have come."""
    received = 0
    request.state.tail = b""

    async def receive() -> Message:
        nonlocal received
        message = await request.receive()
        body = message.get("body", b"")
        received += len(body)
        request.state.tail = (request.state.tail + body)[-TAIL:]
        if received > limit:
            raise Refused(413, f"the body is larger than {limit // 2**20} MiB")
        return message

    return Request(request.scope, receive)


async def _read_json(request: Request, limit: int, read: Callable[[Any], Read]) -> Read:
    """What ``read`` makes of a JSON body; a large one is read in a thread, so that other requests go on."""
    body, sort = await _bounded(request, limit).body(), request.headers["content-type"]
    if len(body) <= AT_ONCE:
        return read(_parsed(body, sort))
    return await request.app.state.reading.run(request.state.key, lambda: read(_parsed(body, sort)))


def _parsed(body: bytes, sort: str) -> Any:
    if not body.strip():
        raise Refused(400, "the body is empty")
    if body.startswith(GZIP):
        raise _compressed("the body is compressed by gzip")
    if sum(body.count(sign) for sign in (b"[", b"{", b",")) > MOST_PARTS:
        raise Refused(413, f"the body has more than {MOST_PARTS:,} parts")
    _, options = parse_options_header(sort)
    content = decoded(body, charset_of(options.get(b"charset", b"").decode("latin-1")))
    try:
        return json.loads(content, object_pairs_hook=unique_keys)
    except BadInput as problem:
        raise Refused(400, str(problem)) from problem
    except json.JSONDecodeError as error:
        raise Refused(400, f"the body is no JSON: {error.msg} (line {error.lineno}, column {error.colno})") from error
    except UnicodeError as error:
        raise Refused(400, "the body is no JSON: it is not UTF-8") from error
    except ValueError as error:  # Python's limit on the digits of an integer
        raise Refused(400, "the body has a number with thousands of digits") from error
    except RecursionError as error:
        raise Refused(400, "the body is nested too deeply") from error


def _inputs(content: Any, predictor: Predictor) -> dict[str, Any]:
    if not isinstance(content, dict):
        raise Refused(400, "a sample must be a JSON object of inputs")
    given: dict[str, Any] = {}
    for called, value in content.items():
        name = _known(called, predictor)
        if value is None:
            continue
        if name in given:
            raise _twice(name)
        field = predictor.fields[name]
        given[name] = _within(_decoded(name, value), name, field.max_bytes) if field.is_file else value
    return given


async def _from_form(request: Request, sort: str, predictor: Predictor) -> dict[str, Any]:
    async with open_form(request, sort) as form:
        if any(name.startswith("{") for name in form):
            raise Refused(415, f"the body looks like JSON; send it with Content-Type: {JSON}")
        given: dict[str, Any] = {}
        for called, value in form.multi_items():
            name = _known(called, predictor)
            if name in given:
                raise _twice(name)
            if (read := await read_field(name, value, predictor.fields[name])) is not None:
                given[name] = read
        _require_whole(request)
        return given


def _require_whole(request: Request) -> None:
    """Refuses a multipart body without its closing boundary: the parser drops a part that is cut off."""
    _, options = parse_options_header(request.headers["content-type"])
    boundary = options.get(b"boundary")
    if boundary and b"--" + boundary + b"--" not in request.state.tail:
        raise Refused(400, "the form is cut off: its closing boundary is missing")


def _known(called: str, predictor: Predictor) -> str:
    """Today's name of what is given under a name."""
    name = predictor.names.get(called)
    if name is None:
        raise Refused(400, f"there is no input {called[:40]!r}; this model reads {', '.join(predictor.fields)}")
    return name


def _twice(name: str) -> Refused:
    return Refused(400, f"{name}: given more than once")


def _decoded(name: str, value: Any) -> bytes:
    found = from_base64(value) if isinstance(value, str) else None
    if found is None:
        raise Refused(400, f"{name}: a file's bytes are expected in base64; {NOT_OPENED}")
    return found


def _within(raw: bytes, name: str, most: int) -> bytes:
    if len(raw) > most:
        raise Refused(413, f"{name}: larger than {most // 2**20} MiB")
    return raw
