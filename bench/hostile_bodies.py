"""Bodies that cost much for their size, as recipes with a random generator; `hostile.py` searches among them."""

import io
import json
import random
import struct
import zipfile
import zlib
from collections.abc import Callable
from typing import Any

import av
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import soundfile
from PIL import Image, ImageFile, PngImagePlugin

ImageFile.MAXBLOCK = 2**26  # bytes; a progressive JPEG is written at once, and Pillow's own guess may be too few
Recipe = Callable[[random.Random, int], bytes]
PNG = b"\x89PNG\r\n\x1a\n"
LETTERS = [
    "a", "a ", "ab ", "I", "\u0300", "\u0316", "\u0344", "a\u0300", "a\u0316\u0300", "\u1f82", "\ufdfa",
    "\u1100\u1161\u11a8",
    "\u4e00", "\U0001f600", "\u200d", "\0", " ", "-", ".", "0", "9", "\u0130", "\u00df", "\u0cbf", "\U0001d15f",
    "\ufb2c",
]  # fmt: skip
SIDES = [1, 2, 7, 64, 512, 513, 1024, 2048, 4000, 4096, 5000, 7071, 16_383, 65_500, 2**20, 2**24]
RATES = [1_000, 8_000, 16_000, 44_100, 48_000, 96_000, 192_000, 384_000]
NUMBERS = [0, 1, 2, 3, 16, 127, 128, 255, 256, 4095, 4096, 2**15, 2**16 - 1, 2**24, 2**31 - 1, 2**32 - 1]


def _saved(picture: Image.Image, form: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, form, **options)
    return stream.getvalue()


def _sides(choose: random.Random) -> tuple[int, int]:
    """Mostly as large as is read, in any shape."""
    width = choose.choice(SIDES)
    pixels = choose.choice([10**5, 10**6, 4 * 10**6, 5 * 10**6, 12 * 10**6, 2**24])
    return width, max(1, min(pixels // width, 2**24))


def _blank(choose: random.Random, modes: str, most: int = 65_500) -> Image.Image:
    mode = choose.choice(modes.split())
    width, height = (min(side, most) for side in _sides(choose))
    picture = Image.new(mode, (width, height), choose.choice([0, None, 1]) if len(mode) == 1 else None)
    if choose.random() < 0.3:  # some detail
        size = choose.choice([8, 64, 256])
        noise = np.frombuffer(choose.randbytes(size * size * 3), np.uint8).reshape(size, size, 3)
        picture.paste(Image.fromarray(noise).convert(mode), (0, 0))
    return picture


def _png(choose: random.Random, size: int) -> bytes:
    return _saved(_blank(choose, "1 L LA P RGB RGBA I;16"), "PNG", compress_level=9)


def _written_png(choose: random.Random, size: int) -> bytes:
    """With what Pillow does not write: interlacing, 16 bits, many chunks, compressed text."""
    width, height = _sides(choose)
    colour, depth = choose.choice([(0, 1), (0, 8), (0, 16), (2, 8), (2, 16), (3, 8), (4, 8), (4, 16), (6, 8), (6, 16)])
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour]
    raw = min((width * channels * depth // 8 + 2) * height, 2 * 10**8)
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, choose.choice([0, 1]))
    chunks = [(b"IHDR", header)] + ([(b"PLTE", bytes(768))] if colour == 3 else [])
    bomb = zlib.compress(bytes(choose.choice([10**5, 2**20, 10**7])), 9)
    more = choose.choice([b"", b"zTXta\0\0" + bomb, b"iCCPa\0\0" + bomb, b"iTXta\0\1\0\0\0" + bomb, b"tEXta\0b"])
    chunks += [(more[:4], more[4:])] * min(choose.choice([1, 100, 5_000]), size // (len(more) + 12)) if more else []
    squeeze = zlib.compressobj(9)
    data = b"".join(squeeze.compress(bytes(min(2**20, raw - at))) for at in range(0, raw, 2**20)) + squeeze.flush()
    return PNG + b"".join(_chunk(*one) for one in [*chunks, (b"IDAT", data), (b"IEND", b"")])


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def _jpeg(choose: random.Random, size: int) -> bytes:
    options: dict[str, Any] = {"quality": choose.choice([1, 30, 95]), "progressive": choose.choice([True, False])}
    options |= {"subsampling": choose.choice([0, 2])} | choose.choice([{}, {"restart_marker_rows": 1}])
    return _saved(_blank(choose, "L RGB CMYK"), "JPEG", **options)


def _scans(choose: random.Random, size: int) -> bytes:
    """A progressive JPEG whose last scan is there as often as it fits."""
    raw = _saved(_blank(choose, "L RGB"), "JPEG", quality=1, progressive=True)
    start = raw.rfind(b"\xff\xda")
    start = max(raw.rfind(b"\xff\xc4", 0, start), 0) or start
    last = raw[start:-2]
    return (
        raw[:-2] + last * max(1, min(choose.choice([2, 10, 25, 100, 10**6]), (size - len(raw)) // len(last))) + raw[-2:]
    )


def _webp(choose: random.Random, size: int) -> bytes:
    options = choose.choice([{"lossless": True, "quality": 0, "method": 0, "exact": True}, {"quality": 1, "method": 0}])
    return _saved(_blank(choose, "RGB RGBA", 16_383), "WEBP", **options)


def _gif(choose: random.Random, size: int) -> bytes:
    return _saved(_blank(choose, "1 L P"), "GIF")


def _bmp(choose: random.Random, size: int) -> bytes:
    """A header, and as much of the pixels as fits."""
    width, height = _sides(choose)
    bits, packing = choose.choice([(1, 0), (4, 0), (8, 0), (24, 0), (32, 0), (8, 1), (4, 2), (32, 3)])
    about = struct.pack("<IiiHHIIiiII", 40, width, height, 1, bits, packing, 0, 1, 1, 0, 0) + bytes(1024)
    pixels = choose.choice([b"\xff\0", b"\0", b"\0\0", b"\1\1", b"\0\2\xff\xff"])
    return b"BM" + struct.pack("<IHHI", size, 0, 0, 14 + len(about)) + about + pixels * ((size - 1200) // len(pixels))


def _tiff(choose: random.Random, size: int) -> bytes:
    packing = choose.choice([None, "tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg", "group4", "zstd", "lzma"])
    modes = {"group4": "1", "jpeg": "L RGB"}.get(packing or "", "1 L LA P RGB RGBA CMYK I;16")
    return _saved(_blank(choose, modes), "TIFF", compression=packing)


def _entries(choose: random.Random, size: int) -> bytes:
    """A TIFF whose every entry points at the same bytes."""
    kind, bytes_each = choose.choice([(1, 1), (2, 1), (3, 2), (4, 4), (5, 8), (7, 1), (12, 8)])
    number = min(65_535, (size - 14) // choose.choice([13, 20, 40, 200]))
    data = size - 14 - 12 * number
    entries = b"".join(struct.pack("<HHII", at, kind, data // bytes_each, 14 + 12 * number) for at in range(number))
    return b"II*\0\x08\0\0\0" + struct.pack("<H", number) + entries + bytes(4) + bytes(data)


def _exif(choose: random.Random, size: int) -> bytes:
    """The same in EXIF."""
    about = b"Exif\0\0" + _entries(choose, min(60_000, max(100, size - 300)))
    picture = Image.new("RGB", (8, 8))
    form = choose.choice(["JPEG", "PNG", "WEBP"])
    return _saved(picture, form, exif=about)


def _texts(choose: random.Random, size: int) -> bytes:
    note = PngImagePlugin.PngInfo()
    for at in range(choose.choice([1, 60])):
        note.add_text(f"k{at}", "a" * choose.choice([10, 2**20 - 10]), zip=True)
    return _saved(Image.new("L", (2, 2)), "PNG", pnginfo=note)


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


def _plain_series(choose: random.Random, size: int) -> bytes:
    return b"volt\n" + b"1.5\n2\n" * 20


def _lines(choose: random.Random, size: int) -> bytes:
    """CSV of many lines, many cells, long cells, or none."""
    cells = choose.choice([["1"], ["", "1e308"], ["0." + "1" * 999], ['"'], ["1"] * 900, ["a"], ["nan"], [" "]])
    line = choose.choice([",", ";", "\t", " "]).join(cells) + choose.choice(["\n", "\r\n", "\n\n"])
    head = choose.choice(["", "x\n", ",".join(map(str, range(900))) + "\n"])
    return (head + line * (size // len(line))).encode()[:size]


def _array(choose: random.Random, size: int) -> bytes:
    """A .npy that claims what it likes, alone or in an archive as often as it fits."""
    stream, shape = io.BytesIO(), choose.choice([(size,), (10**9,), (size // 2, 2), (2, size // 2), (0,), (1, 10**6)])
    sort = choose.choice(["<f8", "<f4", "|i1", "<f2", "|b1", "|O", "<c16", "<U9"])
    np.lib.format.write_array_header_1_0(
        stream, {"descr": sort, "fortran_order": choose.random() < 0.5, "shape": shape}
    )
    raw = stream.getvalue() + bytes(max(0, size - stream.tell()))
    if choose.random() < 0.5:
        return raw
    zipped = io.BytesIO()
    with zipfile.ZipFile(
        zipped, "w", choose.choice([zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA]), compresslevel=9
    ) as archive:
        for number in range(choose.choice([1, 2, 3, 2000])):
            behind = bytes(choose.choice([0, 10**6, 3 * 10**7]) // (number + 1))
            archive.writestr(f"{number}.npy", raw[:200] + behind)
            if zipped.tell() > size:
                break
    return zipped.getvalue()


def _parquet(choose: random.Random, size: int) -> bytes:
    """Many rows, columns or letters in few bytes."""
    stream, rows = io.BytesIO(), choose.choice([10, 10**5, 5 * 10**6])
    cells: Any = choose.choice([np.zeros(rows), np.zeros(rows, np.int8), pa.array(["a" * 10**7] * 2), pa.nulls(rows)])
    packing = choose.choice(["zstd", "gzip", "brotli", "snappy", "none"])
    table = pa.table({f"c{number}": cells for number in range(choose.choice([1, 2, 500 if rows < 100 else 2]))})
    pq.write_table(table, stream, compression=packing, use_dictionary=choose.random() < 0.5, row_group_size=10**8)
    return stream.getvalue()


def _recording(choose: random.Random, size: int) -> bytes:
    """An EDF whose header claims what it likes."""
    number, records = choose.choice([1, 2, 200]), choose.choice([-1, 1, 10**7])
    fields = [("EEG", 16), ("", 80), ("uV", 8), ("-1", 8), ("1", 8), ("-32768", 8), ("32767", 8), ("", 80),
        (str(choose.choice([1, 100, 10**6])), 8), ("", 32)]  # fmt: skip
    head = f"{'0':8}{'X':80}{'X':80}01.01.2001.01.01{256 * (number + 1):<8}{'':44}{records:<8}"
    head += f"{choose.choice(['1', '0', '1e-9', '0.1']):8}{number:<4}"
    raw = (head + "".join(f"{value:{width}}" * number for value, width in fields)).encode()
    return raw + bytes(max(0, size - len(raw)))


def _lists(choose: random.Random, size: int) -> bytes:
    """Columns with lists of cells that are long, deep or many, as JSON or as text."""
    cell = choose.choice(["0", "null", "1e308", "NaN", "[]", "{}", '"1"', '"x"', "9" * 300, "0." + "1" * 99])
    cells = (cell + choose.choice([",", ", "])) * max(1, (size - 40) // (len(cell) + 2))
    text = choose.choice(["1 ", "1;", ",", " ", "1,", "?,"]) * ((size - 40) // 2)
    keys = ",".join(f'"{number}":0' for number in range(size // 10))
    bodies = [f'{{"a": [{cells}0]}}', json.dumps({"a": text, "b": text[: size // 3]}), "{" + keys + "}"]
    return choose.choice(bodies).encode()


def _labels(choose: random.Random, size: int) -> bytes:
    size = min(size, 2**16)
    label = _letters(choose, max(1, size - 100))
    body = {"request_id": choose.choice(["x", "x" * (size // 2)]), "labels": {choose.choice(["label", label]): label}}
    return json.dumps(body, ensure_ascii=choose.random() < 0.3).encode("utf-8", "replace")[:size]


def _plain_text(choose: random.Random, size: int) -> bytes:
    return b"A small green frog."


def _plain_picture(choose: random.Random, size: int) -> bytes:
    return _saved(Image.new("RGB", (64, 64)), "PNG")


RECIPES: dict[str, dict[str, Recipe]] = {
    "text": {"plain": _plain_text, "repeated letters": _text, "random letters": _blend},
    "image": {
        "plain": _plain_picture, "PNG": _png, "PNG of odd chunks": _written_png, "JPEG": _jpeg,
        "JPEG of many scans": _scans,
        "WebP": _webp, "GIF": _gif, "BMP": _bmp, "TIFF": _tiff, "TIFF of many entries": _entries, "EXIF": _exif,
        "PNG of texts": _texts,
    },
    "audio": {
        "plain": _plain_sound, "sound": _sound, "WAV that claims": _claiming, "Ogg pages": _pages, "packets": _packets,
    },
    "video": {"plain": _plain_film, "film": _film, "packets": _packets},
    "signal": {
        "plain": _plain_series, "CSV": _lines, "NumPy": _array, "Parquet": _parquet, "EDF": _recording,
        "WAV": _claiming,
    },
    "lists": {"plain": lambda choose, size: b'{"a": [1, 2]}', "lists": _lists, "JSON": _json},
    "tabular": {"plain": lambda choose, size: b'{"age": 3}', "cells": _cells, "JSON": _json},
    "feedback": {"plain": lambda choose, size: b'{"request_id": "x", "labels": {"label": "a"}}', "labels": _labels,
        "JSON": _json,
    },
    "JSON": {"plain": lambda choose, size: b"{}", "JSON": _json, "cells": _cells},
}  # fmt: skip


def mutated(choose: random.Random, body: bytes, other: bytes) -> bytes:
    """A body with some bytes changed, doubled, taken out, or taken from another."""
    changed = bytearray(body)
    for _ in range(choose.choice([1, 1, 2, 8])):
        at = choose.randrange(min(len(changed), choose.choice([64, 1024, 10**6])) or 1)
        match choose.randrange(5):
            case 0 if changed:
                changed[at] = choose.randrange(256)
            case 1:
                number, form = choose.choice(NUMBERS), choose.choice(["<H", ">H", "<I", ">I"])
                changed[at : at + struct.calcsize(form)] = struct.pack(form, number % 256 ** struct.calcsize(form))
            case 2:
                changed[at:at] = changed[at : at + choose.choice([1, 12, 500])] * choose.choice([1, 1, 50])
            case 3:
                del changed[at : at + choose.choice([1, 4, 100])]
            case _:
                changed[at:] = other[at:]
    return bytes(changed)


def with_sums(body: bytes) -> bytes:
    """A PNG's checksums put right: else no reader looks behind the first that is wrong."""
    if not body.startswith(PNG):
        return body
    place, chunks = 8, []
    while place + 12 <= len(body):
        (length,) = struct.unpack_from(">I", body, place)
        chunks.append(_chunk(body[place + 4 : place + 8], body[place + 8 : place + 8 + length]))
        place += 12 + length
    return PNG + b"".join(chunks)
