"""The extremes of what a kind of input lets through, and what it refuses with which sentence."""

import io
import struct
from typing import Any

import edfio
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import soundfile
from PIL import Image as Pillow

from sensorium.modalities import Audio, Image, Modality, Signal, Tabular, Text, Video
from tests.clips import drawn, encoded

NOISE = np.random.default_rng(0)
RATE = 16_000
TONE = (0.3 * np.sin(2 * np.pi * 440 * np.arange(RATE) / RATE)).astype(np.float32)
GREY = np.arange(1200).reshape(30, 40)


def picture(pixels: Pillow.Image, form: str = "PNG", **more: Any) -> bytes:
    stream = io.BytesIO()
    pixels.save(stream, form, **more)
    return stream.getvalue()


def colours(width: int, height: int) -> Pillow.Image:
    return Pillow.fromarray(NOISE.integers(0, 255, (height, width, 3), np.uint8))


def turned(way: int) -> bytes:
    about = Pillow.Exif()
    about[0x112] = way
    return picture(colours(40, 30), "JPEG", exif=about)


def sound(*channels: np.ndarray, rate: int = RATE, form: str = "WAV", coding: str = "PCM_16") -> bytes:
    stream = io.BytesIO()
    soundfile.write(stream, np.stack(channels, 1), rate, format=form, subtype=coding)
    return stream.getvalue()


def silence(rate: int, channels: int) -> bytes:
    """More than two seconds, in few bytes."""
    stream = io.BytesIO()
    with soundfile.SoundFile(stream, "w", rate, channels, "PCM_16", format="FLAC") as file:
        for _ in range(21):
            file.write(np.zeros((rate // 10, channels), np.int16))
    return stream.getvalue()


def with_nan(samples: np.ndarray) -> np.ndarray:
    spoilt = samples.copy()
    spoilt[5] = np.nan
    return spoilt


def unfinished(raw: bytes, place: int = 40) -> bytes:
    """A stream whose length was never written."""
    return raw[:place] + bytes(4) + raw[place + 4 :]


def saved(array: np.ndarray, **more: Any) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array, **more)
    return stream.getvalue()


def zipped(**arrays: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.savez_compressed(stream, **arrays)
    return stream.getvalue()


def table(**columns: Any) -> bytes:
    stream = io.BytesIO()
    pq.write_table(pa.table(columns), stream)
    return stream.getvalue()


def edf(**channels: tuple[np.ndarray, float]) -> bytes:
    stream = io.BytesIO()
    edfio.Edf([edfio.EdfSignal(one, rate, label=name) for name, (one, rate) in channels.items()]).write(stream)
    return stream.getvalue()


SMALL = colours(40, 30)
MOVIE = {"save_all": True, "append_images": [SMALL.rotate(180)]}
SIXTEEN = Pillow.fromarray((GREY * 50).astype(np.uint16))
BIG_ENDIAN = Pillow.frombytes("I;16B", (40, 30), (GREY * 50).astype(">u2").tobytes())
ONE_OF_MANY = [TONE if number == 3 else np.zeros_like(TONE) for number in range(16)]
FLAC = sound(TONE, form="FLAC")
LONGEST = 2**20
CLIP = encoded("matroska", "ffv1", "bgr0")
FACTS = Tabular(numbers=["a", "b"], categories=["c"])
MOST = 3.4028234663852886e38
ONE, TWO = Signal(rate=50), Signal(rate=50, channels=["x", "y"])
LISTS = Signal(columns=["a", "b"], rate=0.1)
CUT = Signal(rate=50, seconds=1)
SIGNALS = {"one": ONE, "two": TWO, "lists": LISTS, "cut": CUT}  # an input each of one model
LINE = np.arange(40.0)

ACCEPTED: dict[str, tuple[Modality, Any]] = {
    **{
        f"picture {width}x{height}": (Image(), picture(colours(width, height)))
        for width, height in [(2, 2), (1000, 2), (2, 20_000), (3, 700), (513, 2)]
    },
    **{
        f"picture {mode} {form}": (Image(), picture(SMALL.convert(mode), form))
        for mode, form in [
            ("1", "PNG"), ("L", "PNG"), ("LA", "PNG"), ("P", "PNG"), ("RGBA", "PNG"), ("PA", "TIFF"), ("CMYK", "TIFF"),
            ("CMYK", "JPEG"), ("YCbCr", "JPEG"),
        ]
    },
    "picture I;16": (Image(), picture(SIXTEEN)),
    "picture I;16B": (Image(), picture(BIG_ENDIAN, "TIFF")),
    **{f"picture moving {form}": (Image(), picture(SMALL, form, **MOVIE)) for form in ("GIF", "WEBP", "PNG")},
    **{f"picture turned {way}": (Image(), turned(way)) for way in (3, 6, 99)},
    **{
        f"sound {rate} Hz": (Audio(seconds=2), sound(np.resize(TONE, rate // 10 + 1), rate=rate))
        for rate in (1_000, 7_999, 384_000)
    },
    **{
        f"sound {coding}": (Audio(), sound(TONE, coding=coding))
        for coding in ("PCM_U8", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW", "IMA_ADPCM")
    },
    "sound extensible": (Audio(), sound(TONE, TONE, form="WAVEX", coding="PCM_24")),
    "sound 16 channels": (Audio(), sound(*ONE_OF_MANY)),
    "sound of the shortest": (Audio(), sound(TONE[:1600])),
    "sound of the longest": (Audio(seconds=0.5), sound(np.tile(TONE, 30))),
    "sound beyond full scale": (Audio(), sound(TONE * 20, coding="FLOAT")),
    "sound silent": (Audio(), sound(TONE * 0)),
    "sound of one value": (Audio(), sound(TONE * 0 + 1)),
    "sound cut": (Audio(), FLAC[: len(FLAC) // 2]),
    "sound unfinished": (Audio(), unfinished(sound(TONE))),
    **{
        f"sound in {form}": (Audio(), encoded(form, pictures, sound=coding))
        for form, pictures, coding in [
            ("mp4", "mpeg4", "aac"), ("webm", "libvpx", "libopus"), ("avi", "mpeg4", "libmp3lame"),
        ]
    },
    **{
        f"clip {width}x{height}": (Video(frames=2), encoded("avi", "mjpeg", "yuvj420p", drawn(3, width, height)))
        for width, height in [(2, 2), (3, 700), (1200, 2)]
    },
    "clip of a frame": (Video(frames=2), encoded("webm", "libvpx", frames=drawn(1))),
    "clip cut": (Video(frames=2), CLIP[: len(CLIP) // 2]),
    "clip that stands still": (Video(frames=9, sample="motion"), encoded("gif", "gif", "rgb8", drawn(1).repeat(20, 0))),
    "clip of shots": (Video(frames=3, sample="shots"), CLIP),
    "clip of the longest": (Video(frames=2, seconds=0.5), encoded("webm", "libvpx", times=range(0, 16 * 10**7, 10**7))),
    **{
        f"text {number}": (Text(), text)
        for number, text in enumerate([
            "!", "a", "\u0301", "\u0300\u0316" * 40, "a" + "\u0344" * 30, "a" + "\u0300\u0316" * (LONGEST // 2 - 1),
            "\u200d", "\ue000", "\uffff", "\u202eabc", "مرحبا بالعالم", "👩‍👩‍👧‍👦" * 30, "a\ud83d", "a\0b", "ﷺ" * 999,
        ])
    },
    "series of 16 samples": (ONE, saved(LINE[:16])),
    "series of one value": (TWO, saved(np.ones((40, 2)))),
    "series of many": (ONE, saved(np.tile(LINE, 12_500).astype(np.int8))),
    "series of the largest": (TWO, saved(np.tile([MOST, -MOST], (20, 1)))),
    "series of the smallest": (ONE, saved(LINE * 5e-324)),
    "series of a gap": (TWO, saved(np.stack([np.full(40, np.nan), np.where(LINE == 3, LINE, np.nan)], 1))),
    "series by channels": (TWO, saved(np.stack([LINE, -LINE]), )),
    "series by columns": (TWO, saved(np.asfortranarray(np.stack([LINE, -LINE], 1)))),
    "series of truth": (ONE, saved(LINE > 9)),
    "series in an archive": (TWO, zipped(y=LINE, x=-LINE, z=LINE[:3])),
    "series in Parquet": (TWO, table(y=LINE, other=["a"] * 40, x=[None, *range(39)])),
    "series in German": (TWO, "\ufeffx;y\n".encode() + b"1,5;2\n;3,25\n" * 9),
    "series in Windows": (ONE, b'"volt"\r\n' + b"1e-3\r\nNaN\r\n" * 9),
    "series in blanks": (TWO, b"1 2\n3 null\n" * 9),
    "series at another rate": (ONE, sound(TONE, rate=8000)),
    "series of EDF": (TWO, edf(y=(LINE[:30], 10), other=(LINE[:3], 1), x=(LINE, 40 / 3))),
    "series cut": (CUT, saved(np.tile(LINE, 99_999))),
    **{
        f"lists {number}": (LISTS, lists)
        for number, lists in enumerate([
            {"a": LINE.tolist(), "b": None}, {"a": f"[{'1 ' * 16}]"}, {"a": "1;2;;4;" * 5, "b": "1," * 20},
            {"a": LINE, "b": tuple(LINE)}, {"a": [True, None, "2", ""] * 4}, {"a": [MOST, -MOST, 10**30] * 6},
            '{"a": [1, 2.5, null, NaN, "3", 1e-400, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]}',
        ])
    },
    **{
        f"facts {number}": (FACTS, facts)
        for number, facts in enumerate([
            {"a": MOST, "b": -MOST, "c": "x"}, {"a": 5e-324}, {"a": -0.0, "b": 1e-40}, {"a": True, "b": False},
            {"a": "-3.4028234663852886e+38"}, {"a": 10**30, "b": 1 - 2**63}, {"c": "\u0301" * 99}, {"c": 10**30},
        ])
    },
}  # fmt: skip

THIRTY_TWO = "the picture's pixels are {}, which do not say what white is; save it as RGB or grey of 8 or 16 bits"
REFUSED: dict[str, tuple[Modality, Any, str]] = {
    "picture 1x1": (Image(), picture(colours(1, 1)), "the picture has only 1 x 1 pixels"),
    "picture 1x9": (Image(), picture(colours(1, 9)), "the picture has only 1 x 9 pixels"),
    "picture I": (
        Image(), picture(Pillow.fromarray(GREY.astype(np.int32)), "TIFF"), THIRTY_TWO.format("32-bit numbers")
    ),
    "picture F": (
        Image(), picture(Pillow.fromarray(GREY.astype(np.float32)), "TIFF"),
        THIRTY_TWO.format("floating-point numbers"),
    ),
    "sound 999 Hz": (Audio(), sound(TONE, rate=999), "a sampling rate of 999 Hz is less than 1000 Hz"),
    "sound 384001 Hz": (Audio(), sound(TONE, rate=384_001), "a sampling rate of 384001 Hz is more than 384000 Hz"),
    "sound of too much": (
        Audio(seconds=2), silence(384_000, 8),
        "2.0 seconds of 8 channels at 384000 Hz are more than can be read; convert it to 48000 Hz and two channels",
    ),
    "sound 17 channels": (Audio(), sound(*[TONE] * 17), "17 channels are more than 16"),
    "sound of one sample": (
        Audio(), sound(TONE[:1]), "the sound is too short: 0.0001 s, at least 0.1 s is needed"
    ),
    "sound of none": (Audio(), sound(TONE[:0]), "the WAV file holds no sound, or is cut off before its first"),
    "sound of none, then a chunk": (
        Audio(), sound(TONE[:0]) + b"LIST" + struct.pack("<I", 5000) + b"x" * 5000,
        "the WAV file holds no sound, or is cut off before its first",
    ),
    "sound of no numbers": (
        Audio(), sound(with_nan(TONE), coding="FLOAT"), "the sound holds samples that are no numbers"
    ),
    "sound of integers as floats": (
        Audio(), sound(TONE * 2**15, coding="FLOAT"),
        "its samples reach 9,830 where 1 is full scale: they are integers written as floats; divide them by their "
        "range, or write a 16-bit file",
    ),
    "sound M4A": (
        Audio(), b"\0\0\0\x20ftypM4A " + bytes(99),
        "the MP4 file is broken or cut off (Invalid data found when processing input)",
    ),
    "sound of a silent clip": (Audio(), CLIP, "the file has no sound track that can be played"),
    "clip of nothing": (Video(), b"", "the clip is empty (0 bytes)"),
    "clip of a sound": (Video(), sound(TONE), "the file holds no moving pictures"),
    "clip of a still": (
        Video(), picture(SMALL),
        "the PNG file is a still picture without film or sound, or is broken or cut off (Invalid data found when "
        "processing input)",
    ),
    "series of objects": (
        ONE, saved(np.array([1.0, None] * 9), allow_pickle=True),
        "the .npy file holds Python objects, which are never opened; write numbers: np.save(path, array.astype(float))",
    ),
    "series of names": (
        ONE, saved(np.array(["a"] * 20)),
        "the .npy file holds str32, no numbers; write numbers: np.save(path, array.astype(float))",
    ),
    "series that claims": (
        ONE, saved(LINE).replace(b"(40,), }             ", b"(4000000000000000,), }"),
        "the .npy file is cut off: it is shorter than its header says",
    ),
    "series of 3 axes": (ONE, saved(LINE.reshape(2, 4, 5)),
        "the array has 3 axes; samples, or samples by channels, are expected"),
    "series of other channels": (
        TWO, saved(LINE.reshape(8, 5)),
        "the file has 5 channels where 2 are expected; `channels` names those to be read",
    ),
    "series of another name": (
        TWO, table(x=LINE, z=LINE), "the file has no channel 'y'; it has 'x', 'z'"
    ),
    "series of words": (
        TWO, table(x=LINE, y=["a"] * 40), "the column 'y' holds string, no numbers"
    ),
    "series of text": (
        ONE, b"volt\n1\nabc\n",
        "the text is no table of numbers: In CSV column #0: Row #3: CSV conversion error to double: invalid value "
        "'abc'",
    ),
    "series of a file": (ONE, b"\x89PNG\r\n\x1a\n" + bytes(99),
        "not a series that can be read (CSV, .npy, .npz, Parquet, WAV and EDF can)"),
    "series of a broken archive": (TWO, b"PK\3\4" + bytes(99), "the .npz file cannot be read: File is not a zip file"),
    "series of 15 samples": (
        ONE, saved(LINE[:15]), "the series is too short: 15 samples, at least 16 are needed"
    ),
    "series of gaps": (ONE, saved(LINE * np.nan), "the series holds no numbers, only gaps"),
    "series of too much": (
        ONE, saved(np.zeros(500_001, np.int8)),
        "the series is longer than 500,000 samples; cut it, or give `seconds`",
    ),
    "series beyond": (
        TWO, saved(np.stack([LINE, np.where(LINE == 6, np.inf, LINE)], 1)),
        "sample 7 of 'y' is inf, which is not within 3.4e+38; leave it empty where nothing was measured",
    ),
    "lists of 1e400": (
        LISTS, '{"a": [1, -1e400' + ", 2" * 20 + "]}",
        "sample 2 of 'a' is -inf, which is not within 3.4e+38; leave it empty where nothing was measured",
    ),
    "lists of different lengths": (
        LISTS, {"a": [1] * 20, "b": [1] * 21},
        "the columns 'a' and 'b' hold 20 and 21 samples; channels of a series are equally long, with null where one "
        "has a gap",
    ),
    "lists in lists": (LISTS, {"a": [[1]] * 20}, "column 'a' holds lists in a list; a column a channel is expected"),
    "lists of an object": (LISTS, {"a": {"0": 1}}, "column 'a' holds dict where a list of numbers is expected"),
    "text of nothing": (Text(), "\0 \ud800", "the text is empty"),
    "facts too long": (FACTS, {"c": "x" * 1001}, "column 'c' holds 1,001 characters; at most 1,000 are read"),
    "facts too long for a number": (
        FACTS, {"a": "0" * 10**6}, "column 'a' holds 1,000,000 characters; at most 1,000 are read"
    ),
    "facts in facts": (FACTS, {"a": [1]}, "column 'a' holds a list or an object where a single value is expected"),
    "facts beyond": (
        FACTS, {"a": 3.5e38}, "column 'a' holds 3.5e+38, which is not within 3.4e+38, as a number must be"
    ),
    "facts of no number": (FACTS, {"a": float("nan")}, "all columns are empty"),
}  # fmt: skip
