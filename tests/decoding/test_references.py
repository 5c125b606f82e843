"""Clips that say that their frames are elsewhere: in a file of this machine, or at an address."""

import socket
import struct
from pathlib import Path

import numpy as np
import pytest

from sensorium.decoding import video
from sensorium.errors import BadInput
from tests.clips import drawn, encoded

AROUND = (b"moov", b"trak", b"mdia", b"minf", b"dinf", b"dref")  # the boxes that a reference stands in
MOV = ("mov", "mpeg4", "yuv420p")


def referring(raw: bytes, sort: bytes, content: bytes) -> bytes:
    """A MOV whose only track names other data than the file's own."""
    entry = struct.pack(">I", 12 + len(content)) + sort + bytes(4) + content
    body, at = bytearray(raw), raw.index(b"dref") + 12
    (size,) = struct.unpack_from(">I", raw, at)
    body[at : at + size] = entry
    for name in AROUND:
        place = raw.rindex(name, 0, at) - 4
        (old,) = struct.unpack_from(">I", raw, place)
        struct.pack_into(">I", body, place, old + len(entry) - size)
    return bytes(body)


def alias(path: Path) -> bytes:
    """An alias record as Finder wrote them, with an absolute path."""
    name = str(path).encode() + b"\0" * (len(str(path)) % 2)
    volume, file, levels = bytes(10 + 28), bytes(12 + 64), struct.pack(">HH", 1, 1)
    return volume + file + bytes(16) + levels + bytes(16) + struct.pack(">HH", 2, len(name)) + name + b"\xff\xff\0\0"


def test_frames_in_another_file_are_not_read(tmp_path: Path) -> None:
    (tmp_path / "white.mov").write_bytes(encoded(*MOV, np.full_like(drawn(), 255)))
    with pytest.raises(BadInput, match="the clip holds no frames, or is cut off before its first"):
        video.clip(referring(encoded(*MOV), b"alis", alias(tmp_path / "white.mov")))


def test_an_address_is_not_asked() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        address = f"http://127.0.0.1:{listener.getsockname()[1]}/white.mov"
        found = video.clip(referring(encoded(*MOV), b"url ", address.encode() + b"\0"))
        assert np.abs(found.frames.astype(int) - drawn()).mean() < 12
        with pytest.raises(BlockingIOError):
            listener.accept()
