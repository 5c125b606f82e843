"""Small frames of a clip, the right way up, of what a player would show in its first seconds.

Packets are held compressed, as many as the seconds have; then only those are decoded that frames depend on.
"""

import math
from bisect import bisect_right
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np

from sensorium import frame_files
from sensorium.decoding import container, sound, stills
from sensorium.decoding.choosing import SAMPLINGS, Sampling, evenly
from sensorium.decoding.clip import TAG, Clip, tagged
from sensorium.decoding.frame import LONGER_SIDE, MOST_PIXELS, SHORTER_SIDE, like, small
from sensorium.decoding.limited import Limits
from sensorium.errors import BadInput, NothingIn

FASTEST, MOST_FRAMES = 300, 200_000  # frames: in each of the seconds that are read, and in all
MOST_DECODED = 10**9  # pixels, of 480 frames of 1920 x 1080; of more only key frames, where there are enough of them
ALL_KEYS = ("apng",)  # decoders that call every frame a key frame, and draw it over the one before
NO_PICTURES = "the file holds no moving pictures"
SKIPPING = ("h264", "hevc")  # those that leave out, packet by packet, frames that no other depends on


def begin() -> None:
    """Imports all that may be needed: no file can be opened later. The clip to rehearse with is made."""
    container.begin()
    _example()


def rehearse() -> None:
    """Reads a short clip, so that a new child does not read its first one more slowly than the next."""
    read(_example(), seconds=1.0, frames=1, sample="motion")


@cache
def _example() -> bytes:
    return Clip(np.zeros((4, 2, 2, 3), np.uint8), np.arange(4) * 100, seconds=0.4, rate=10.0, size=2).pack()


def limits(raw: bytes, frames: int, sample: str) -> Limits:
    """What reading so many frames of a file may take."""
    held = 2 * 3 * SHORTER_SIDE * LONGER_SIDE * frames * SAMPLINGS[sample].looked_at
    seconds = min(0.8 + 1.2 * len(raw) / 1e6, 10.0)  # twice what a megabit a second of 1920 x 1080 pixels takes
    return Limits(seconds=seconds, memory=min(90_000_000 + 40 * len(raw), 600_000_000) + held)


def read(raw: bytes, seconds: float, frames: int, sample: str) -> bytes:
    """A `Clip` of at most so many frames, chosen in one way of `SAMPLINGS` from the first so many seconds.

    A file that is cut off is read as far as it goes.

    Raises:
        BadInput: saying what is wrong with it.
        NothingIn: if it is a sound.
    """
    return clip(raw, seconds, frames, sample).to_bytes()


def clip(raw: bytes, seconds: float = math.inf, frames: int = MOST_FRAMES, sample: str = "even") -> Clip:
    """The same; of what is trusted, in this process."""
    sampling = SAMPLINGS[sample]
    if raw.startswith(frame_files.ZIP):
        return stills.clip(raw, seconds, frames, sampling)
    if sound.name_of(raw) and not container.name_of(raw):
        raise NothingIn(NO_PICTURES)
    with container.opened(raw) as opened:
        stream = _stream(opened)
        track = _Track.of(opened, stream, seconds)
        found = _decoded(stream.codec_context, track, _looked_at(track, sampling, frames))
        facts = {"seconds": track.length / 1000, "rate": track.rate, "size": max(stream.width, stream.height)}
        facts |= tagged(opened.metadata.get(TAG))
    if not found:
        raise BadInput(
            "no frame of the clip can be decoded: it is broken, cut off before its first, or has frames of more than "
            f"{MOST_PIXELS // 10**6} million pixels"
        )
    if len(found) > frames:
        found = [found[place] for place in sampling.pick([pixels for _, pixels in found], frames)]
    times = np.array([time - found[0][0] for time, _ in found], np.int64)
    return Clip(np.stack([pixels for _, pixels in found]), times, **facts)


@dataclass(frozen=True)
class _Track:
    """The packets of a clip in the order of decoding.

    Attributes:
        packets: of libav.
        times: when each is shown, in milliseconds from the first.
        order: places of those that are shown, by time; of several at one time the first.
        tick: of the stamps of packets and frames, in seconds.
        start: of the first, in milliseconds.
        length: of the clip, in milliseconds.
        pixels: of a frame.
    """

    packets: Sequence[Any]
    times: Sequence[int]
    order: Sequence[int]
    tick: Fraction
    start: int
    length: int
    pixels: int

    @classmethod
    def of(cls, opened: Any, stream: Any, seconds: float) -> "_Track":
        """Of a stream's first so many seconds."""
        packets: list[Any] = []
        stamps: list[int] = []
        is_cut, most = False, int(min(MOST_FRAMES, FASTEST * (seconds + 1)))
        for packet in _demuxed(opened, stream):
            stamp = packet.dts if packet.pts is None else packet.pts
            if packet.size == 0 or stamp is None:
                continue
            stamp = _milliseconds(stamp, stream.time_base)
            if stamps and stamp - stamps[0] >= 1000 * (seconds + 1):  # by one more, as frames are not in their order
                is_cut = True
                break
            packets.append(packet)
            stamps.append(stamp)
            if len(packets) > most:
                raise BadInput(f"the clip has more than {most:,} frames in its first {seconds:g} seconds")
        if not packets:
            raise BadInput("the clip holds no frames, or is cut off before its first")
        start = min(stamps)
        times = [stamp - start for stamp in stamps]
        first = {time: place for place, time in reversed([*enumerate(times)]) if time < 1000 * seconds}
        order = [first[time] for time in sorted(first)]
        last = order[-1]
        lasts = _milliseconds(packets[last].duration or 0, stream.time_base)
        lasts = lasts or round(times[last] / max(1, len(order) - 1))
        length = times[last] + lasts
        if seconds < math.inf and (is_cut or max(length, *times) > 1000 * seconds):
            length = round(1000 * seconds)
        return cls(packets, times, order, stream.time_base, start, length, stream.width * stream.height)

    @property
    def rate(self) -> float:
        """Frames a second."""
        return 1000 * len(self.order) / self.length if self.length else 0.0

    def keys(self) -> list[int]:
        """Of `order` those that are decoded without others."""
        return [place for place in self.order if self.packets[place].is_keyframe]


def _milliseconds(stamp: int, tick: Fraction) -> int:
    """Whole ones, without the fractions that would take most of the time of reading a million stamps."""
    return (2000 * stamp * tick.numerator + tick.denominator) // (2 * tick.denominator)


def _stream(opened: Any) -> Any:
    """The pictures of a container, if they can be decoded."""
    pictures = [one for one in opened.streams.video if "attached_pic" not in str(one.disposition)]
    if not pictures:
        raise NothingIn(NO_PICTURES)
    stream = pictures[0]
    if stream.codec_context is None:
        raise BadInput("the clip's coding is not known here; save it as H.264, VP9 or AV1")
    if stream.width * stream.height > MOST_PIXELS:
        raise BadInput(
            f"the clip's frames have {stream.width} x {stream.height} pixels; at most {MOST_PIXELS // 10**6} million "
            "are read"
        )
    stream.codec_context.options = {"max_pixels": str(MOST_PIXELS)}
    stream.codec_context.thread_count = 1
    return stream


def _demuxed(opened: Any, stream: Any) -> Iterator[Any]:
    """Packets until the end, or to where the file is broken."""
    try:
        yield from opened.demux(stream)
    except container.TOLERATED:
        return


def _looked_at(track: _Track, sampling: Sampling, frames: int) -> list[int]:
    """Places of the packets to be decoded, by time."""
    count, offered, keys = frames * sampling.looked_at, track.order, track.keys()
    is_long = len(track.order) * track.pixels > MOST_DECODED
    if len(offered) > frames and len(keys) >= frames and (sampling.by_keys or is_long):
        offered = keys
    times = np.array([track.times[place] for place in offered])
    return [offered[place] for place in evenly(times, track.length, count)]


def _decoded(context: Any, track: _Track, wanted: Sequence[int]) -> list[tuple[int, np.ndarray]]:
    """Times and small pixels of the frames of these packets, by time; one that is broken is left out."""
    waiting = deque(track.times[place] for place in wanted)
    found: list[tuple[int, np.ndarray]] = []
    for frame in _frames(context, track, wanted):
        if frame.pts is None:
            continue
        time = _milliseconds(frame.pts, track.tick) - track.start
        if waiting and time >= waiting[0]:
            while waiting and time >= waiting[0]:
                waiting.popleft()
            pixels = small(frame)
            found.append((time, pixels if not found else like(found[0][1], pixels)))
        if not waiting:
            break
    return found


def _frames(context: Any, track: _Track, wanted: Sequence[int]) -> Iterator[Any]:
    """Frames in the order of their times, among them those of the wanted packets."""
    packets, times, needed = track.packets, track.times, {*wanted}
    keys = [0] if context.name in ALL_KEYS else [place for place, one in enumerate(packets) if one.is_keyframe]
    at = 0
    for place in wanted:
        key = keys[bisect_right(keys, place) - 1] if keys and keys[0] <= place else 0
        if key > at and times[key] <= times[place]:
            yield from _drained(context)
            context.flush_buffers()
            at = key
        while at <= place:
            if context.name in SKIPPING:
                context.skip_frame = "DEFAULT" if at in needed else "NONREF"
            yield from _of_packet(context, packets[at])
            at += 1
    yield from _drained(context)


def _drained(context: Any) -> Iterator[Any]:
    yield from _of_packet(context, None)


def _of_packet(context: Any, packet: Any) -> list[Any]:
    try:
        return context.decode(packet)
    except container.TOLERATED:
        return []
