"""Pictures that cost much for their size, as recipes with a random generator; see hostile_bodies.py."""

import io
import random
import struct
import zlib
from typing import Any

import numpy as np
from PIL import Image, ImageFile, PngImagePlugin

ImageFile.MAXBLOCK = 2**26  # bytes; a progressive JPEG is written at once, and Pillow's own guess may be too few
PNG = b"\x89PNG\r\n\x1a\n"
SIDES = [1, 2, 7, 64, 512, 513, 1024, 2048, 4000, 4096, 5000, 7071, 16_383, 65_500, 2**20, 2**24]


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


def _plain_picture(choose: random.Random, size: int) -> bytes:
    return _saved(Image.new("RGB", (64, 64)), "PNG")


PICTURES = {
    "plain": _plain_picture, "PNG": _png, "PNG of odd chunks": _written_png, "JPEG": _jpeg,
    "JPEG of many scans": _scans, "WebP": _webp, "GIF": _gif, "BMP": _bmp, "TIFF": _tiff,
    "TIFF of many entries": _entries, "EXIF": _exif, "PNG of texts": _texts,
}  # fmt: skip


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
