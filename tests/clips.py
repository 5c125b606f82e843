"""Small clips as libav writes them: a square that moves over colours."""

import io
import struct
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import av
import numpy as np

CODINGS = [  # container, codec, pixels
    ("mp4", "libx264", "yuv420p"), ("mp4", "libx265", "yuv420p"), ("mov", "mpeg4", "yuv420p"),
    ("mov", "prores", "yuv422p10le"), ("webm", "libvpx", "yuv420p"), ("webm", "libvpx-vp9", "yuv420p"),
    ("matroska", "libsvtav1", "yuv420p"), ("avi", "mpeg4", "yuv420p"), ("avi", "mjpeg", "yuvj420p"),
    ("gif", "gif", "rgb8"), ("apng", "apng", "rgba"), ("flv", "flv", "yuv420p"), ("mpegts", "libx264", "yuv420p"),
    ("mpeg", "mpeg2video", "yuv420p"), ("asf", "wmv2", "yuv420p"),
]  # fmt: skip
QUIET = {"libx265": {"x265-params": "log-level=none"}, "libx264": {"x264-params": "keyint=8:bframes=2"}}
RATE = 25


def drawn(count: int = 16, width: int = 64, height: int = 48) -> np.ndarray:
    """Frames ``[count, height, width, 3]``."""
    frames = np.zeros((count, height, width, 3), np.uint8)
    frames[..., 0] = np.arange(width) * 3 % 256
    for place, frame in enumerate(frames):
        frame[..., 1] = place * 12 % 256
        left = 3 * place % max(1, width - 10)
        frame[10:20, left : left + 10] = 255
    return frames


def encoded(
    form: str = "mp4",
    codec: str = "libx264",
    pixels: str = "yuv420p",
    frames: np.ndarray | None = None,
    times: Sequence[int] | None = None,
    sound: str | None = None,
) -> bytes:
    """A clip.

    Args:
        form: the container.
        codec: of the pictures.
        pixels: as libav calls them.
        frames: those that are drawn here, if not given.
        times: of the frames, in milliseconds; 25 a second, if not given.
        sound: the codec of a tone of as many seconds, if there is to be one.
    """
    written, frames = io.BytesIO(), drawn() if frames is None else frames
    with av.open(written, "w", format=form, container_options={"fflags": "+bitexact"}) as output:
        stream: Any = output.add_stream(codec, rate=RATE, options=QUIET.get(codec, {}))
        stream.height, stream.width, stream.pix_fmt = *frames.shape[1:3], pixels
        track: Any = output.add_stream(sound, rate=48_000, layout="mono") if sound else None
        for place, one in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(one, format="rgb24")
            if times is not None:
                frame.pts, frame.time_base = times[place], Fraction(1, 1000)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
        if track:
            tone = 0.3 * np.sin(2 * np.pi * 440 * np.arange(48_000 * len(frames) // RATE) / 48_000)
            heard = av.AudioFrame.from_ndarray(tone.astype(np.float32)[None], format="fltp", layout="mono")
            heard.sample_rate, heard.pts = 48_000, 0
            for one in av.AudioResampler(track.codec_context.format.name, "mono", 48_000).resample(heard):
                output.mux(track.encode(one))
            output.mux(track.encode(None))
    return written.getvalue()


def copied(raw: bytes, form: str) -> bytes:
    """The same packets in another container."""
    written = io.BytesIO()
    with av.open(io.BytesIO(raw)) as read, av.open(written, "w", format=form) as output:
        stream = output.add_stream_from_template(read.streams.video[0])
        for packet in read.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                output.mux(packet)
    return written.getvalue()


def track(seconds: int, layout: str = "5.1") -> bytes:
    """A sound without pictures."""
    written = io.BytesIO()
    with av.open(written, "w", format="matroska") as output:
        stream: Any = output.add_stream("flac", rate=48_000, layout=layout)
        samples = np.full((1, stream.layout.nb_channels * 48_000), 100, np.int16)
        for second in range(seconds):
            frame = av.AudioFrame.from_ndarray(samples, format="s16", layout=layout)
            frame.sample_rate, frame.pts = 48_000, second * 48_000
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return written.getvalue()


def frames_of_nothing(count: int) -> bytes:
    """A WebM of so many packets of one byte."""

    def element(name: str, content: bytes) -> bytes:
        return bytes.fromhex(name) + b"\1" + len(content).to_bytes(7) + content

    sides = element("e0", element("b0", b"\x40") + element("ba", b"\x40"))
    entry = element("d7", b"\1") + element("73c5", b"\1") + element("83", b"\1") + element("86", b"V_VP8") + sides
    cluster = element("1f43b675", element("e7", b"\0") + b"\xa3\x85\x81\0\0\x80\0" * count)
    segment = element("18538067", element("1654ae6b", element("ae", entry)) + cluster)
    return element("1a45dfa3", element("4282", b"webm")) + segment


def huge(side: int) -> bytes:
    """An AVI of plain pixels whose header says so many a side."""
    sides = struct.pack("<II", 64, 48), struct.pack("<II", side, side)
    raw = encoded("avi", "rawvideo", "bgr24").replace(*sides)
    return raw.replace(struct.pack("<Ii", 64, -48), sides[1])


def repeated(form: str, codec: str, pixels: str, sides: tuple[int, int], count: int, rate: int = RATE) -> bytes:
    """A clip of one dark frame (width and height), so many times and so many a second."""
    written, (width, height) = io.BytesIO(), sides
    with av.open(written, "w", format=form) as output:
        stream: Any = output.add_stream(codec, rate=RATE)
        stream.width, stream.height, stream.pix_fmt = width, height, pixels
        dark = av.VideoFrame.from_ndarray(np.zeros((height, width, 3), np.uint8), format="rgb24")
        packet = [*stream.encode(dark), *stream.encode(None)][0]
        content, tick = bytes(packet), packet.time_base
        for place in range(count):
            again = av.Packet(content)
            again.stream, again.time_base, again.is_keyframe = stream, tick, True
            again.pts = again.dts = round(place / rate / tick)
            output.mux(again)
    return written.getvalue()
