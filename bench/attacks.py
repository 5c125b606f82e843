"""Attacks on a service, each from one machine, for as long as it lets itself be attacked.

``python bench/attacks.py NAME PORT KEY`` runs one until it is killed; `under_attack.py` measures what others notice.
"""

import asyncio
import base64
import io
import itertools
import json
import os
import resource
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial

import av
from PIL import Image, ImageChops

Attack = Callable[[int, str], Awaitable[None]]  # one client's, given the port and an API key
HEAD = "POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\n"
FIELD = b"X-A: " + b"a" * 1000 + b"\r\n"


async def slow_head(port: int, key: str) -> None:
    """A field every second."""
    await _drip(port, b"GET /livez HTTP/1.1\r\nHost: localhost\r\n", b"X-A: a\r\n")


async def slow_body(port: int, key: str) -> None:
    """A byte every second."""
    await _drip(port, f"{HEAD.format(path='/predict', key=key)}Content-Length: 1000\r\n\r\n".encode(), b"{")


async def idle(port: int, key: str) -> None:
    """Nothing."""
    await _drip(port, b"", b"")


async def endless_head(port: int, key: str) -> None:
    """Fields as fast as they are taken."""
    await _pour(port, b"GET /livez HTTP/1.1\r\nHost: localhost\r\n", FIELD * 100)


async def endless_trailer(port: int, key: str) -> None:
    """Fields after a body as fast as they are taken."""
    head = HEAD.format(path="/predict", key=key) + "Transfer-Encoding: chunked\r\n\r\n"
    await _pour(port, head.encode() + b"2\r\n{}\r\n0\r\n", FIELD * 100)


async def tiny_chunks(port: int, key: str) -> None:
    """A body in chunks of a byte."""
    head = HEAD.format(path="/predict", key=key) + "Transfer-Encoding: chunked\r\n\r\n"
    await _pour(port, head.encode(), b"1\r\n \r\n" * 10_000)


async def small_chunks(port: int, key: str) -> None:
    """A body in chunks of five bytes, which are as many as what frames them."""
    head = HEAD.format(path="/predict", key=key) + "Transfer-Encoding: chunked\r\n\r\n"
    await _pour(port, head.encode(), b"5\r\n     \r\n" * 10_000)


async def pipeline(port: int, key: str) -> None:
    """Requests one after the other, whose answers nobody reads."""
    await _pour(port, b"", b"GET /docs HTTP/1.1\r\nHost: localhost\r\n\r\n" * 1000)


async def unread(port: int, key: str) -> None:
    """Large answers that nobody reads."""
    _, writer = await asyncio.open_connection("localhost", port, limit=1024)
    writer.write(b"GET /ui/ HTTP/1.1\r\nHost: localhost\r\n\r\n" * 20)
    await asyncio.sleep(20)
    writer.close()


async def refused(port: int, key: str) -> None:
    """A key that is not known."""
    await _ask(port, "sk_unknown", "/predict", b"{}")


async def nowhere(port: int, key: str) -> None:
    """A path that leads nowhere, without a key."""
    await _ask(port, "", "/nowhere", b"")


async def watched(port: int, key: str) -> None:
    """The metrics, without a key."""
    await _ask(port, "", "/metrics", b"", "GET")


async def garbage(port: int, key: str) -> None:
    """What is no HTTP, on one connection after another."""
    reader, writer = await asyncio.open_connection("localhost", port)
    writer.write(b"\0" * 10_000)
    await reader.read()
    writer.close()


async def marks(port: int, key: str) -> None:
    """A text of combining marks, which normalising sorts."""
    text = "a" + "\u0300" * 15_000 + "\u0316" * 15_000
    await _ask(port, key, "/predict", json.dumps({"text": text}, ensure_ascii=False).encode())


async def marks_told(port: int, key: str) -> None:
    """The same as a label."""
    label = "a" + "\u0300" * 15_000 + "\u0316" * 15_000
    body = {"request_id": "x", "labels": {"category": label}}
    await _ask(port, key, "/feedback", json.dumps(body, ensure_ascii=False).encode())


async def scans(port: int, key: str) -> None:
    """A progressive JPEG with a scan that is repeated."""
    await _ask(port, key, "/predict", MEDIUM)


async def webp(port: int, key: str) -> None:
    """Fifty million pixels in some dozens of bytes."""
    await _ask(port, key, "/predict", MEDIUM)


async def slow_picture(port: int, key: str) -> None:
    """As many pixels as are read."""
    await _ask(port, key, "/predict", MEDIUM)


async def slow_clip(port: int, key: str) -> None:
    """A clip whose frames take longer to decode than is allowed."""
    await _ask(port, key, "/predict", MEDIUM)


async def good(port: int, key: str) -> None:
    """What everybody asks, as fast as it is answered."""
    await _ask(port, key, "/predict", b'{"text": "A small green frog."}')


ATTACKS: dict[str, tuple[int, Attack]] = {  # and how many clients do it at once
    "1,000 slow heads": (1000, slow_head),
    "endless heads": (8, endless_head),
    "endless trailers": (8, endless_trailer),
    "chunks of a byte": (8, tiny_chunks),
    "chunks of five bytes": (8, small_chunks),
    "pipelines": (8, pipeline),
    "garbage": (8, garbage),
    "16 clients of a path that is not there": (16, nowhere),
    "16 clients of the metrics": (16, watched),
    "5,000 idle connections": (5000, idle),
    "200 answers that nobody reads": (200, unread),
    "300 slow bodies of one key": (300, slow_body),
    "16 clients with an unknown key": (16, refused),
    "2,500 connections with an unknown key": (2500, refused),
    "64 clients of one key": (64, good),
    "combining marks in a text": (2, marks),
    "combining marks in a label": (2, marks_told),
    "repeated scans of a JPEG": (2, scans),
    "a large WebP of few bytes": (4, webp),
    "pictures of many pixels": (8, slow_picture),
    "clips of many pixels": (8, slow_clip),
}
COLUMNS = {slow_picture: "image", scans: "image", webp: "image", slow_clip: "clip"}  # without which one is no attack


async def _drip(port: int, first: bytes, drop: bytes) -> None:
    reader, writer = await asyncio.open_connection("localhost", port)
    writer.write(first)
    while not reader.at_eof():
        writer.write(drop)
        with suppress(TimeoutError):
            await asyncio.wait_for(reader.read(100), 1)
    writer.close()


async def _pour(port: int, first: bytes, more: bytes) -> None:
    _, writer = await asyncio.open_connection("localhost", port)
    writer.write(first)
    while True:
        writer.write(more)
        await writer.drain()


async def _ask(port: int, key: str, path: str, body: bytes, method: str = "POST") -> None:
    reader, writer = await asyncio.open_connection("localhost", port)
    head = HEAD.format(path=path, key=key).replace("POST", method, 1)
    request = f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
    while True:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]))


def _in_json(column: str, raw: bytes) -> bytes:
    return json.dumps({column: base64.b64encode(raw).decode()}).encode()


def _scans(side: int = 7000, repeated: int = 400) -> bytes:
    written = io.BytesIO()
    Image.new("L", (side, side)).save(written, "JPEG", quality=1, progressive=True)
    whole = written.getvalue()
    last = whole.rfind(b"\xff\xda")
    table = whole.rfind(b"\xff\xc4", 0, last)
    return whole[:-2] + whole[table:-2] * repeated + whole[-2:]


def _webp(side: int = 7000) -> bytes:
    written = io.BytesIO()
    Image.new("RGBA", (side, side), (1, 2, 3, 4)).save(written, "WEBP", lossless=True, quality=0, method=0, exact=True)
    return written.getvalue()


def _picture(side: int = 4000) -> bytes:
    written = io.BytesIO()
    Image.effect_noise((side // 4, side // 4), 30).resize((side, side)).convert("RGB").save(written, "JPEG", quality=50)
    return written.getvalue()


def _clip(frames: int = 90) -> bytes:
    written = io.BytesIO()
    noise = Image.effect_noise((480, 270), 60).resize((3840, 2160))
    with av.open(written, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=30, options={"preset": "ultrafast", "crf": "38", "g": "1000"})
        stream.width, stream.height, stream.pix_fmt = noise.width, noise.height, "yuv420p"
        for place in range(frames):
            moved = ImageChops.offset(noise, 7 * place, 3 * place).convert("RGB")
            container.mux(stream.encode(av.VideoFrame.from_image(moved)))
        container.mux(stream.encode())
    return written.getvalue()


async def _again(attack: Callable[[], Awaitable[None]]) -> None:
    while True:
        with suppress(OSError, EOFError, ValueError):
            await attack()
        await asyncio.sleep(0.01)


async def _all(clients: int, attack: Callable[[], Awaitable[None]]) -> None:
    await asyncio.gather(*itertools.starmap(_again, [(attack,)] * clients))


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    clients, attack = ATTACKS[sys.argv[1]]
    MADE = {scans: _scans, webp: _webp, slow_picture: _picture, slow_clip: _clip}
    if attack in MADE:
        MEDIUM = _in_json(COLUMNS[attack], MADE[attack]())
    # An attacker brings a machine of their own: this one's cores are the service's.
    os.setpriority(os.PRIO_PROCESS, 0, 19)
    print("ready", flush=True)
    asyncio.run(_all(clients, partial(attack, int(sys.argv[2]), sys.argv[3])))
