"""The fields of a form, whichever client wrote it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import parse_qsl

from python_multipart.multipart import parse_options_header
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from sensorium.modalities.request_fields import RequestField
from sensorium.serving.encoded import charset_of, decoded, from_base64
from sensorium.serving.refusal import Refused

MULTIPART, URL_ENCODED = "multipart/form-data", "application/x-www-form-urlencoded"
MOST_FIELDS = 100
AS_THEY_ARE = ("", "binary", "8bit", "7bit")  # transfer encodings that change nothing
CHARACTER = 4  # bytes that one takes at most
NOT_OPENED = "paths and URLs are not opened"


class _Parts(MultiPartParser):
    """Keeps the bytes and the headers of every part, also of one without a file's name."""

    spool_max_size = 2**40  # in memory, where bodies are counted: not in a file for every large part

    def on_headers_finished(self) -> None:
        disposition = self._current_part.content_disposition
        if disposition and b"filename" not in parse_options_header(disposition)[1]:
            self._current_part.content_disposition = disposition + b'; filename=""'
        super().on_headers_finished()


@asynccontextmanager
async def open_form(request: Request, sort: str) -> AsyncIterator[FormData]:
    """The fields of a form of one of the two types.

    Raises:
        Refused: if it cannot be read.
    """
    try:
        if sort == MULTIPART:
            form = await _Parts(
                request.headers, request.stream(), max_files=MOST_FIELDS, max_fields=MOST_FIELDS
            ).parse()
        else:
            form = FormData(await asyncio.to_thread(_fields, await request.body()))
    except (MultiPartException, ValueError) as error:
        reason = getattr(error, "message", None) or str(error)
        raise Refused(400, f"the form cannot be read: {reason}") from error
    try:
        yield form
    finally:
        await form.close()


def _fields(body: bytes) -> list[tuple[str, UploadFile | str]]:
    """Those of a URL-encoded form; in a thread, as a large one takes a while.

    Raises:
        ValueError: if they are too many.
    """
    return list(parse_qsl(body.decode("latin-1"), keep_blank_values=True, max_num_fields=MOST_FIELDS))


async def read_field(name: str, value: UploadFile | str, field: RequestField) -> bytes | str | None:
    """A field's value; ``None`` for what a browser sends where nothing was filled in or chosen.

    Raises:
        Refused: if it is wrapped in a way that is not read, or too large.
    """
    if isinstance(value, str):
        return (_in_text(name, value.replace(" ", "+")) if field.is_file else value) if value else None
    raw = _unwrapped(name, await value.read(), value)
    most = field.max_bytes * (1 if field.is_file else CHARACTER)
    if len(raw) > most:
        raise Refused(413, f"{name}: larger than {most // 2**20} MiB")
    if not raw and not value.filename:
        return None
    if not field.is_file:
        _, options = parse_options_header(value.content_type)
        return decoded(raw, charset_of(options.get(b"charset", b"").decode("latin-1")))
    is_field = not value.filename and not value.content_type
    return _in_text(name, raw.decode("ascii")) if is_field and _is_line(raw) else raw


def _unwrapped(name: str, raw: bytes, part: UploadFile) -> bytes:
    """The bytes of a part without the encoding for the way, which mail programs use."""
    if (compressed := part.headers.get("content-encoding", "identity").strip().lower()) != "identity":
        raise Refused(415, f"{name}: Content-Encoding: {compressed[:40]} is not read; send the bytes as they are")
    encoding = part.headers.get("content-transfer-encoding", "").strip().lower()
    if encoding in AS_THEY_ARE:
        return raw
    found = from_base64(raw.decode("latin-1")) if encoding == "base64" else None
    if found is None:
        raise Refused(
            415, f"{name}: Content-Transfer-Encoding: {encoding[:40]} cannot be read; send the bytes as they are"
        )
    return found


def _in_text(name: str, text: str) -> bytes:
    """A file in a field for text: its base64, but no path to it."""
    found = from_base64(text)
    if found is None:
        raise Refused(400, f"{name}: a file is expected; {NOT_OPENED}")
    return found


def _is_line(raw: bytes) -> bool:
    """Whether bytes are text, and so no file of any kind that is read."""
    return raw.isascii() and all(letter.isprintable() for letter in raw.decode("ascii").split())
