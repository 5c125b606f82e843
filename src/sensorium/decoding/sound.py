"""What a player would play of a sound file, or of a clip's sound track, whatever its format."""

import io
import struct
from collections.abc import Iterator
from functools import cache
from typing import Any

import av
import numpy as np
import soundfile
import soxr

from sensorium import frame_files
from sensorium.decoding import container
from sensorium.decoding.limited import Limits
from sensorium.errors import BadInput, NothingIn

MAX_RATE = 384_000  # Hz; a header may claim anything
MIN_RATE = 1_000  # Hz; below, nothing is left that a person could name
MAX_CHANNELS = 16
MOST_SAMPLES = 5_000_000  # over all channels: six seconds of 8 at 96 kHz
STEREO = 2 * 48_000  # samples a second that are read of longer sounds
SAMPLE = 12  # bytes that one takes, with all that is worked out of it
LOUDEST = 8.0  # of full scale; floats this far above it are no loud sound but integers
DEAD = 10 ** (-60 / 20)  # of the loudest channel; one below it is not connected
OFFSET = 0.01  # of full scale; a constant above it is no sound, and no player lets it through
FRAMES = 50  # a second, in which channels are looked at
CANCELLED = 0.25  # of the power that channels have which know nothing of each other; below, they cancel each other
SIGNS = {  # how files of each format begin
    "WAV": (b"RIFF", b"RIFX", b"RF64"),
    "FLAC": (b"fLaC",),
    "Ogg": (b"OggS",),
    "MP3": (b"ID3", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2", b"\xff\xfa"),
    "AIFF": (b"FORM",),
    "AU": (b".snd",),
    "CAF": (b"caff",),
    "Wave64": (b"riff",),
}


def begin() -> None:
    """All that is needed is imported already; the sound to rehearse with is made."""
    container.begin()
    _example()


def rehearse() -> None:
    """Reads a short sound, so that a new child does not read its first one more slowly than the next."""
    read(_example(), seconds=1.0, rate=MIN_RATE)


@cache
def _example() -> bytes:
    written = io.BytesIO()
    soundfile.write(written, np.zeros(MIN_RATE // 10), MIN_RATE, format="OGG")
    return written.getvalue()


def name_of(raw: bytes) -> str:
    """The name of the format; empty if it is none that libsndfile plays."""
    return next((name for name, signs in SIGNS.items() if raw.startswith(signs)), "")


def limits(raw: bytes, seconds: float) -> Limits:
    """What reading the first so many seconds of a file may take."""
    memory = 60_000_000 + SAMPLE * _most(seconds) + 8 * len(raw)
    return Limits(seconds=min(0.5 + 0.1 * len(raw) / 1e6, 3.0) + 0.01 * seconds, memory=memory)


def read(raw: bytes, seconds: float, rate: int) -> bytes:
    """What a player would play of the first so many seconds: float32 samples of one channel at this rate (Hz).

    Raises:
        BadInput: saying what is wrong with the file.
    """
    samples, its_rate = play(raw, seconds)
    heard = soxr.resample(samples, its_rate, rate) if len(samples) > 1 else samples
    return heard.astype(np.float32, copy=False).tobytes()


def play(raw: bytes, seconds: float) -> tuple[np.ndarray, int]:
    """The first so many seconds of a file as float32 samples of one channel, and their rate.

    A file that is cut off is played as far as it goes; a stream whose header was never finished, to its end.

    Raises:
        BadInput: saying what is wrong with it.
        NothingIn: if it holds pictures alone.
    """
    if frame_files.is_archive(raw):
        raise NothingIn("an archive of frames has no sound")
    name, within = name_of(raw), container.name_of(raw)
    try:
        if within and within != name:
            samples, rate = _read_track(raw, seconds)
        else:
            samples, rate = _read(raw, seconds)
        if not len(samples) and (ended := _ended(raw)):
            samples, rate = _read(ended, seconds)
    except soundfile.LibsndfileError as error:
        if not within:
            raise BadInput(_complaint(name, error)) from error
        samples, rate = _read_track(raw, seconds)  # an Ogg of something that libsndfile does not know
    name = within or name
    if not len(samples):
        raise BadInput(f"the {name or 'sound'} file holds no sound, or is cut off before its first")
    if not np.isfinite(samples).all():
        raise BadInput("the sound holds samples that are no numbers")
    if (peak := float(np.abs(samples).max())) > LOUDEST:
        raise BadInput(
            f"its samples reach {peak:,.0f} where 1 is full scale: they are integers written as floats; divide them by "
            "their range, or write a 16-bit file"
        )
    offsets = np.array([channel.mean(dtype=np.float64) for channel in samples.T])  # a tenth of the time of both at once
    if (np.abs(offsets) > OFFSET).any():
        samples = samples - offsets.astype(np.float32)
    return mix(samples, rate), rate


def mix(samples: np.ndarray, rate: int) -> np.ndarray:
    """One channel ``[frames]`` that holds what is heard of several ``[frames, channels]``.

    It is the mean of those that hold anything. Where they cancel each other (one is another turned over), which
    loudspeakers in a room do not, it is the loudest of them.
    """
    if samples.shape[1] == 1:
        return samples[:, 0]
    powers = np.array([float((channel.astype(np.float64) ** 2).mean()) for channel in samples.T])
    live = [samples[:, place] for place, power in enumerate(powers) if power >= powers.max() * DEAD**2]
    mono: np.ndarray = np.sum(live, axis=0) / len(live)
    expected = np.sum([_powers(channel, rate) for channel in live], axis=0) / len(live) ** 2
    cancelled = _powers(mono, rate) < CANCELLED * expected
    if expected[cancelled].sum() > CANCELLED * expected.sum():
        mono = samples[:, int(powers.argmax())]
    return mono


def _powers(channel: np.ndarray, rate: int) -> np.ndarray:
    """Its power in every fiftieth of a second."""
    size = max(1, rate // FRAMES)
    padded = np.pad(channel.astype(np.float64), (0, -len(channel) % size))
    return (padded.reshape(-1, size) ** 2).mean(1)


def _read(raw: bytes, seconds: float) -> tuple[np.ndarray, int]:
    """Samples ``[frames, channels]``, as many as can be decoded."""
    with soundfile.SoundFile(io.BytesIO(raw)) as sound:
        rate = sound.samplerate
        count = min(int(seconds * rate) + 1, sound.frames)
        _require_playable(rate, sound.channels)
        _require_room(count, sound.channels, rate, seconds)
        samples = np.full((count, sound.channels), np.nan, np.float32)
        try:
            return sound.read(out=samples), rate
        except soundfile.LibsndfileError:  # the end is missing, or is not where the header says
            undecoded = np.isnan(samples).any(1)
            return samples[: int(undecoded.argmax()) if undecoded.any() else None], rate


def _read_track(raw: bytes, seconds: float) -> tuple[np.ndarray, int]:
    """The same of the first sound track in a container."""
    with container.opened(raw, max_pixels="1") as opened:  # pictures are not decoded, which may take much memory
        tracks = [one for one in opened.streams.audio if one.codec_context is not None]
        if not tracks:
            raise NothingIn("the file has no sound track that can be played")
        tracks[0].codec_context.options = {"max_samples": str(MAX_RATE)}
        pieces, count, resampler, rate, channels = [], 0, None, 0, 0
        for frame in _decoded(opened, tracks[0]):
            if resampler is None:
                rate = frame.sample_rate
                channels = frame.layout.nb_channels
                _require_playable(rate, channels)
                resampler = av.AudioResampler("fltp", frame.layout, rate)
            for one in resampler.resample(frame):
                pieces.append(one.to_ndarray())
                count += one.samples
            if count > seconds * rate:
                break
            _require_room(count, channels, rate, seconds)
    return (np.concatenate(pieces, 1).T if pieces else np.zeros((0, 1), np.float32)), rate


def _decoded(opened: Any, track: Any) -> Iterator[Any]:
    """Frames of a track until the end, or to where the file is broken; a player leaves out a packet that is."""
    try:
        for packet in opened.demux(track):
            try:
                yield from packet.decode()
            except container.TOLERATED:
                continue
    except container.TOLERATED:
        return


def _require_playable(rate: int, channels: int) -> None:
    """Refuses what would be no sound."""
    if not MIN_RATE <= rate <= MAX_RATE:
        raise BadInput(
            f"a sampling rate of {rate} Hz is "
            + (f"more than {MAX_RATE} Hz" if rate > MAX_RATE else f"less than {MIN_RATE} Hz")
        )
    if channels > MAX_CHANNELS:
        raise BadInput(f"{channels} channels are more than {MAX_CHANNELS}")


def _require_room(count: int, channels: int, rate: int, seconds: float) -> None:
    """Refuses more samples than there is memory for."""
    if count * channels > _most(seconds):
        raise BadInput(
            f"{count / rate:.1f} seconds of {channels} channels at {rate} Hz are more than can be read; "
            "convert it to 48000 Hz and two channels"
        )


def _most(seconds: float) -> int:
    """Samples over all channels that are read of so many seconds."""
    return max(MOST_SAMPLES, int(STEREO * seconds) + 2)


def _complaint(name: str, error: Exception) -> str:
    if not name:
        return "not a sound that can be read (WAV, FLAC, Ogg, MP3, M4A, WebM and clips can)"
    return f"the {name} file cannot be played: it is broken or cut off ({getattr(error, 'error_string', error)})"


def _ended(raw: bytes) -> bytes | None:
    """A stream that was never finished, with the sign for "to the end" where its header says that it has no sound."""
    if raw.startswith(b".snd"):
        return raw[:8] + b"\xff" * 4 + raw[12:]
    if not raw.startswith((b"RIFF", b"RIFX")):
        return None
    place = _chunk(raw, 12, b"data")
    if place is None or _chunk(raw, place + 8, None) == len(raw):  # other chunks follow: there really is no sound
        return None
    return raw[: place + 4] + b"\xff" * 4 + raw[place + 8 :]


def _chunk(raw: bytes, place: int, wanted: bytes | None) -> int | None:
    """Where the chunk of this name begins; without a name, where the last chunk ends, if all are whole."""
    order = "<I" if raw.startswith(b"RIFF") else ">I"
    while place + 8 <= len(raw):
        if raw[place : place + 4] == wanted:
            return place
        (size,) = struct.unpack_from(order, raw, place + 4)
        place += 8 + size + size % 2
    return place if wanted is None else None
