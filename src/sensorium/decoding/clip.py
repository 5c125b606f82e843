"""Some frames of a clip, how they travel between processes, and how they are kept."""

import io
import json
import struct
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

HEADER = struct.Struct("<IIIIdd")  # frames, height, width; longer side in the file, seconds, frames a second
MILLISECOND = Fraction(1, 1000)
TAG = "SENSORIUM"  # of a packed clip: what its frames do not say themselves
LOSSLESS = {"level": "3", "slices": "4", "slicecrc": "1"}  # of FFV1, whatever the machine
QUICKLY = {"deadline": "realtime", "cpu-used": "8"}  # of VP8
CLEARLY = {"deadline": "good", "crf": "10", "b": "50M"}
Options = dict[str, str]
LAST = 200  # milliseconds for which the last frame is played
LONGEST, FASTEST, LARGEST = 1e6, 1e6, 1e6  # that a tag may claim


@dataclass(frozen=True)
class Clip:
    """Some frames of a clip.

    Attributes:
        frames: uint8 ``[frames, height, width, 3]``.
        times: int64 ``[frames]``, milliseconds from the first of them.
        seconds: for which it is played.
        rate: frames a second that the file has.
        size: pixels of the longer side in the file.
    """

    frames: np.ndarray
    times: np.ndarray
    seconds: float
    rate: float
    size: int

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self.frames, dtype, copy=copy)

    @property
    def _tag(self) -> str:
        return json.dumps([self.seconds, self.rate, self.size])

    def to_bytes(self) -> bytes:
        """All of it, as a child hands it on."""
        header = HEADER.pack(*self.frames.shape[:3], self.size, self.seconds, self.rate)
        return header + self.times.astype("<i8").tobytes() + self.frames.tobytes()

    @classmethod
    def from_bytes(cls, read: bytes) -> "Clip":
        """What `to_bytes` gave."""
        count, height, width, size, seconds, rate = HEADER.unpack_from(read)
        times = np.frombuffer(read, "<i8", count, HEADER.size)
        frames = np.frombuffer(read, np.uint8, offset=HEADER.size + times.nbytes).reshape(count, height, width, 3)
        return cls(frames, times, seconds, rate, size)

    def pack(self) -> bytes:
        """As lossless FFV1 in Matroska, which any reader of clips reads; equal clips give equal bytes."""
        return _written([*self.frames], self.times.tolist(), "matroska", ("ffv1", "bgr0", LOSSLESS), self._tag)

    def nearly(self) -> bytes:
        """Nearly the same as WebM, which is much smaller, and which browsers play."""
        return _written([*self.frames], self.times.tolist(), "webm", ("libvpx", "yuv420p", CLEARLY), self._tag)

    def film(self, frames: np.ndarray) -> bytes:
        """Such frames at the times of the clip's as WebM, which browsers play."""
        times = [*self.times.tolist(), int(self.times[-1]) + LAST]
        return _written([*frames, frames[-1]], times, "webm", ("libvpx", "yuv420p", QUICKLY))


def _written(
    frames: Sequence[np.ndarray], times: Sequence[int], form: str, coding: tuple[str, str, Options], tag: str = ""
) -> bytes:
    """A file of frames; ``coding`` is the codec, its pixels and its options."""
    import av

    codec, pixels, options = coding
    written = io.BytesIO()
    with av.open(written, "w", format=form, container_options={"fflags": "+bitexact"}) as output:
        if tag:
            output.metadata[TAG] = tag
        stream: Any = output.add_stream(codec, rate=1000, options=options)
        stream.pix_fmt = pixels
        stream.codec_context.thread_count = 1
        stream.codec_context.flags |= av.codec.context.Flags.bitexact
        stream.height, stream.width = frames[0].shape[:2]
        for one, time in zip(frames, times, strict=True):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(one), format="rgb24")
            frame.pts, frame.time_base = time, MILLISECOND
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return written.getvalue()


def joined(files: Sequence[bytes]) -> bytes:
    """The tracks of several files of one track each in one Matroska, which readers of each track read."""
    import av

    written = io.BytesIO()
    with ExitStack() as read, av.open(written, "w", format="matroska") as output:
        opened: list[Any] = [read.enter_context(av.open(io.BytesIO(raw))) for raw in files]
        tracks = [output.add_stream_from_template(one.streams[0]) for one in opened]
        for one, track in zip(opened, tracks, strict=True):
            output.metadata.update(one.metadata)
            for packet in one.demux(one.streams[0]):
                if packet.dts is not None:
                    packet.stream = track
                    output.mux(packet)
    return written.getvalue()


def tagged(tag: str | None) -> dict[str, Any]:
    """What the tag of a packed clip says; nothing where it is none that `Clip.pack` writes."""
    try:
        seconds, rate, size = map(float, json.loads(tag or ""))
    except (ValueError, TypeError, RecursionError):
        return {}
    if all(0 <= number <= most for number, most in ((seconds, LONGEST), (rate, FASTEST), (size, LARGEST))):
        return {"seconds": seconds, "rate": rate, "size": int(size)}
    return {}
