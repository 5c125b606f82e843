"""Bodies that cost much for their size, as recipes with a random generator; `hostile.py` searches among them."""

import io
import json
import random
import struct
import zipfile
from collections.abc import Callable
from typing import Any

import av
import numpy as np
import soundfile
from hostile_pictures import PICTURES
from hostile_series import LISTS, SERIES

Recipe = Callable[[random.Random, int], bytes]
LETTERS = [
    "a", "a ", "ab ", "I", "\u0300", "\u0316", "\u0344", "a\u0300", "a\u0316\u0300", "\u1f82", "\ufdfa",
    "\u1100\u1161\u11a8",
    "\u4e00", "\U0001f600", "\u200d", "\0", " ", "-", ".", "0", "9", "\u0130", "\u00df", "\u0cbf", "\U0001d15f",
    "\ufb2c",
]  # fmt: skip
RATES = [1_000, 8_000, 16_000, 44_100, 48_000, 96_000, 192_000, 384_000]


def _sound(choose: random.Random, size: int) -> bytes:
    """Much silence, or noise, in few bytes."""
    form, coding = choose.choice([
        ("FLAC", "PCM_16"), ("FLAC", "PCM_24"), ("FLAC", "PCM_S8"), ("OGG", "VORBIS"), ("OGG", "OPUS"),
        ("MP3", "MPEG_LAYER_III"), ("WAV", "PCM_U8"), ("WAV", "IMA_ADPCM"), ("WAV", "MS_ADPCM"), ("W64", "PCM_16"),
        ("CAF", "ALAC_16"), ("AIFF", "PCM_S8"), ("AU", "G721_32"), ("RF64", "FLOAT"),
    ])  # fmt: skip
    rate, channels = choose.choice(RATES), choose.choice([1, 2, 6, 8, 16])
    if coding == "VORBIS":
        rate = min(rate, 192_000)  # beyond, libsndfile's encoder crashes
    count = min(choose.choice([rate // 5, rate, 7 * rate]), 3 * 10**7 // channels)
    samples = np.zeros((count, channels), np.float32)
    if choose.random() < 0.3:
        samples += np.random.default_rng(choose.randrange(99)).normal(0, choose.choice([1e-3, 0.3]), samples.shape)
    stream = io.BytesIO()
    try:
        soundfile.write(stream, samples, rate, format=form, subtype=coding)
    except (soundfile.LibsndfileError, ValueError):  # not every format has every rate
        return _plain_sound(choose, size)
    return stream.getvalue()


def _plain_sound(choose: random.Random, size: int) -> bytes:
    stream = io.BytesIO()
    soundfile.write(stream, np.zeros(1600), 8000, format="WAV", subtype="PCM_U8")
    return stream.getvalue()


def _claiming(choose: random.Random, size: int) -> bytes:
    """A WAV whose header claims what it likes."""
    channels, rate, bits = choose.choice([1, 16, 1024]), choose.choice(RATES), choose.choice([4, 8, 16, 24, 32, 64])
    form = choose.choice([1, 2, 3, 6, 7, 17, 49, 65534])
    about = struct.pack("<HHIIHH", form, channels, rate, rate * channels * bits // 8, channels * bits // 8 or 1, bits)
    claimed = struct.pack("<I", choose.choice([size, 2**31 - 1, 2**32 - 1]))
    return b"RIFF" + claimed + b"WAVEfmt \x10\0\0\0" + about + b"data" + claimed + bytes(size - 44)


def _pages(choose: random.Random, size: int) -> bytes:
    """Ogg pages, as many as fit: many streams, or one of nothing."""
    whole = _sound(random.Random(choose.randrange(4)), size)
    page = choose.choice([b"OggS\0\2" + bytes(20) + b"\1\0", b"OggS\0\0" + bytes(8) + b"\1\0\0\0" + bytes(8) + b"\0"])
    repeated = choose.choice([page, whole])
    return repeated * max(1, size // len(repeated))


def _film(choose: random.Random, size: int) -> bytes:
    """Many frames of nothing, or few large ones."""
    known = [("mp4", "mpeg4", "yuv420p"), ("webm", "libvpx", "yuv420p"), ("avi", "mjpeg", "yuvj420p"),
        ("matroska", "ffv1", "bgr0"), ("apng", "apng", "rgb24"), ("mp4", "libx264", "yuv420p")]  # fmt: skip
    form, codec, pixels = choose.choice(known)
    width, height = choose.choice([(16, 16), (640, 480), (1920, 1080), (4096, 4096), (2, 4000), (4000, 2)])
    frames = max(1, min(choose.choice([1, 10, 1000]), 40 * 640 * 480 // (width * height)))
    written = io.BytesIO()
    with av.open(written, "w", format=form) as output:
        stream: Any = output.add_stream(codec, rate=choose.choice([1, 25, 240]))
        stream.width, stream.height, stream.pix_fmt = width, height, pixels
        stream.codec_context.gop_size = choose.choice([1, 12, 1000])
        blank = np.full((height, width, 3), choose.choice([0, 255]), np.uint8)
        for _ in range(frames):
            output.mux(stream.encode(av.VideoFrame.from_ndarray(blank, format="rgb24")))
        output.mux(stream.encode(None))
    return written.getvalue()


def _frames(choose: random.Random, size: int) -> bytes:
    """A ZIP of few large pictures, or of many small ones, or of names without end."""
    count = choose.choice([1, 4, 40, 400])
    names = [
        choose.choice(["{}.png", "{}/" * 50 + "{}.png", "9" * 5000 + "{}.png"]).format(*[n] * 51) for n in range(count)
    ]
    made = PICTURES[choose.choice(list(PICTURES))](choose, max(200, size // count - 200))
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", choose.choice([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])) as archive:
        for name in names:
            archive.writestr(name, made)
    return written.getvalue()


def _packets(choose: random.Random, size: int) -> bytes:
    """A WebM of as many packets as fit, of one byte each."""

    def element(name: str, content: bytes) -> bytes:
        return bytes.fromhex(name) + b"\1" + len(content).to_bytes(7) + content

    codec = choose.choice([b"V_VP8", b"V_VP9", b"V_AV1", b"V_MJPEG", b"A_OPUS", b"A_VORBIS"])
    sides = element("e0", element("b0", b"\x10\0") + element("ba", b"\x10\0"))
    kind = b"\2" if codec.startswith(b"A") else b"\1"
    entry = element("d7", b"\1") + element("73c5", b"\1") + element("83", kind) + element("86", codec) + sides
    block = b"\xa3\x85\x81\0\0\x80" + choose.choice([b"\0", b"\x10"])
    cluster = element("1f43b675", element("e7", b"\0") + block * max(1, size // len(block) - 40))
    segment = element("18538067", element("1654ae6b", element("ae", entry)) + cluster)
    return element("1a45dfa3", element("4282", b"webm")) + segment


def _plain_film(choose: random.Random, size: int) -> bytes:
    return _packets(random.Random(0), 500)


def _letters(choose: random.Random, size: int) -> str:
    pattern = "".join(choose.choices(LETTERS, k=choose.choice([1, 1, 2, 3, 40]))) * choose.choice([1, 1, 15, 31])
    return pattern * (size // len(pattern.encode()))


def _text(choose: random.Random, size: int) -> bytes:
    return _letters(choose, size).encode()


def _blend(choose: random.Random, size: int) -> bytes:
    return "".join(
        chr(choose.choice([choose.randrange(0x20, 0xD7FF), choose.randrange(0x300, 0x370)])) for _ in range(size // 3)
    ).encode()


def _cells(choose: random.Random, size: int) -> bytes:
    """Columns with cells that are long, deep, or many."""
    long = _letters(choose, max(1, size - 60))
    cell = choose.choice(
        [long, "9" * min(4300, size), "1e" + "9" * 500, "0." + "0" * (size // 2), [[]] * (size // 5), 1e308, True]
    )
    column = choose.choice(["age", "price", "town", "colour", long[: size // 2]])
    return json.dumps({column: cell, "town": long[:900]}, ensure_ascii=choose.random() < 0.3).encode("utf-8", "replace")


def _json(choose: random.Random, size: int) -> bytes:
    part = choose.choice(
        ["{},", "[],", '{"a":1},', "0,", "1e308,", '"",', "9" * 4299 + ",", "0." + "1" * 999 + ",", '"\\u0300",', "[["]
    )
    keys = ",".join(f'"{number}":0' for number in range(size // 10))
    deep = choose.choice(["[", '{"a":', '[{"":']) * (size // 6)
    return choose.choice([f"[{part * (size // len(part))}0]", "{" + keys + "}", deep]).encode()


def _labels(choose: random.Random, size: int) -> bytes:
    size = min(size, 2**16)
    label = _letters(choose, max(1, size - 100))
    body = {"request_id": choose.choice(["x", "x" * (size // 2)]), "labels": {choose.choice(["label", label]): label}}
    return json.dumps(body, ensure_ascii=choose.random() < 0.3).encode("utf-8", "replace")[:size]


def _plain_text(choose: random.Random, size: int) -> bytes:
    return b"A small green frog."


RECIPES: dict[str, dict[str, Recipe]] = {
    "text": {"plain": _plain_text, "repeated letters": _text, "random letters": _blend},
    "image": PICTURES,
    "audio": {
        "plain": _plain_sound, "sound": _sound, "WAV that claims": _claiming, "Ogg pages": _pages, "packets": _packets,
    },
    "video": {"plain": _plain_film, "film": _film, "packets": _packets, "frames": _frames},
    "signal": SERIES | {"WAV": _claiming},
    "lists": LISTS | {"JSON": _json},
    "tabular": {"plain": lambda choose, size: b'{"age": 3}', "cells": _cells, "JSON": _json},
    "feedback": {"plain": lambda choose, size: b'{"request_id": "x", "labels": {"label": "a"}}', "labels": _labels,
        "JSON": _json,
    },
    "JSON": {"plain": lambda choose, size: b"{}", "JSON": _json, "cells": _cells},
}  # fmt: skip
