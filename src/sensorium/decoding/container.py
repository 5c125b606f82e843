"""Containers of moving pictures and sounds, opened from memory by libav; nothing that one refers to is followed."""

import io
import pkgutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import av

from sensorium.errors import BadInput, reason

# Demuxers by how files begin. The one that is named here is used, whatever else would like to read the file: playlists
# and lists of files (HLS, DASH, concat, SDP) are no containers here.
SIGNS: dict[str, tuple[str, Callable[[bytes], bool]]] = {
    "MP4": ("mov", lambda raw: raw[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")),
    "Matroska": ("matroska", lambda raw: raw.startswith(b"\x1aE\xdf\xa3")),
    "AVI": ("avi", lambda raw: raw.startswith(b"RIFF") and raw[8:11] == b"AVI"),
    "GIF": ("gif", lambda raw: raw.startswith((b"GIF87a", b"GIF89a"))),
    "PNG": ("apng", lambda raw: raw.startswith(b"\x89PNG\r\n\x1a\n")),
    "Ogg": ("ogg", lambda raw: raw.startswith(b"OggS")),
    "Flash": ("flv", lambda raw: raw.startswith(b"FLV\1")),
    "Windows Media": ("asf", lambda raw: raw.startswith(b"0&\xb2u\x8ef\xcf\x11")),
    "MPEG": ("mpeg", lambda raw: raw.startswith(b"\0\0\1\xba")),
    "MPEG transport stream": ("mpegts", lambda raw: raw[:1] == b"G" and raw[188:189] in (b"G", b"")),
    "AMR": ("amr", lambda raw: raw.startswith(b"#!AMR")),
    "AAC": ("aac", lambda raw: raw[:1] == b"\xff" and raw[1:2] in (b"\xf1", b"\xf9")),
}
STILL = ("PNG",)  # of which most hold no film
OPTIONS = {
    "protocol_whitelist": "none",  # no file, no address
    "max_streams": "32",
    "probesize": "1000000",  # bytes that are looked through for what streams there are
}
APART = ("av.__main__", "av.datasets")  # of PyAV, which decode nothing
TOLERATED = (  # of a packet: a player goes on with the next
    av.error.ArgumentError, av.error.EOFError, av.error.InvalidDataError, av.error.PatchWelcomeError,
)  # fmt: skip


def begin() -> None:
    """Imports all of PyAV, which would open files later, and lets libav be silent."""
    for module in pkgutil.walk_packages(av.__path__, "av."):
        if module.name not in APART:
            import_module(module.name)
    av.logging.set_level(None)


def name_of(raw: bytes) -> str:
    """The name of the container; empty if it is none."""
    return next((name for name, (_, fits) in SIGNS.items() if fits(raw)), "")


@contextmanager
def opened(raw: bytes, **options: str) -> Iterator[Any]:
    """A container of libav.

    Args:
        raw: the file.
        **options: of libav, beside `OPTIONS`; those of decoders hold where it looks at the first frames of a stream.

    Raises:
        BadInput: if it is none, or is broken in a way that leaves nothing to read.
    """
    name, options = name_of(raw), OPTIONS | options
    if not name:
        raise BadInput("it is no container of moving pictures or sounds that is read")
    try:
        container = av.open(io.BytesIO(raw), format=SIGNS[name][0], options=options, metadata_errors="replace")
    except MemoryError:
        raise
    except (av.error.FFmpegError, ValueError) as error:
        still = "is a still picture without film or sound, or " if name in STILL else ""
        raise BadInput(f"the {name} file {still}is broken or cut off ({_words(error)})") from error
    with container:
        yield container


def _words(error: Exception) -> str:
    return getattr(error, "strerror", None) or reason(error)
