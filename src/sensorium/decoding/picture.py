"""A small picture of whatever file, on white and the right way up.

A band of it after another is turned, laid on white and reduced, so that the whole is in memory once.
"""

import io
import math
import re
import struct
import warnings
from functools import cache
from typing import Any

import numpy as np
from PIL import Image as Pillow
from PIL import UnidentifiedImageError

from sensorium.decoding.limited import Limits
from sensorium.errors import BadInput

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")
MOST_PIXELS = 2**24  # a phone's photograph has 12 million
LARGEST_JPEG = 50_000_000  # one of more than `MOST_PIXELS` is decoded at half its size
PIXEL = 4  # bytes that Pillow takes for one
WEBP_PIXEL = 18  # with what libwebp takes
NO_ROOM = "could not create decoder object"  # what Pillow says where libwebp gets no memory, before the size is known
COEFFICIENT = 2  # bytes of each component that libjpeg keeps of a JPEG of several scans
MOST_SCANNED = 250_000_000  # pixels over all scans of a JPEG; cameras and encoders make 10 scans or so
LONGEST_SIDE = 512  # twice what common encoders read: cropping and shrinking lose nothing that they would see
SHORTEST_SIDE = 2  # of what is accepted, and of what is left when a long picture is shrunk
GAP = 2.0  # of Pillow's thumbnails: what is more than twice too large is reduced first, by whole numbers
BAND = 2**19  # pixels that are worked on at once
UNREAD = {  # modes of Pillow
    "I": "pixels are 32-bit numbers, which do not say what white is",
    "F": "pixels are floating-point numbers, which do not say what white is",
    "LAB": "colours are L*a*b*, which is not read",
}
ORIENTATION = 0x0112  # in EXIF
TURNS = {  # by orientation: the way to turn, whether columns become rows, and whether the last becomes the first
    2: (Pillow.Transpose.FLIP_LEFT_RIGHT, False, False),
    3: (Pillow.Transpose.ROTATE_180, False, True),
    4: (Pillow.Transpose.FLIP_TOP_BOTTOM, False, True),
    5: (Pillow.Transpose.TRANSPOSE, True, False),
    6: (Pillow.Transpose.ROTATE_270, True, False),
    7: (Pillow.Transpose.TRANSVERSE, True, True),
    8: (Pillow.Transpose.ROTATE_90, True, True),
}
MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")  # of JPEG, among coded pixels
SCAN, END = 0xDA, 0xD9
HEADER = struct.Struct("<HH")  # of what `read` gives: width and height


def begin() -> None:
    """Imports all that may be needed: no file can be opened later. The picture to rehearse with is made."""
    Pillow.init()
    _example()


def rehearse() -> None:
    """Reads a small picture, so that a new child does not read its first one more slowly than the next."""
    read(_example())


@cache
def _example() -> bytes:
    written = io.BytesIO()
    Pillow.new("RGB", (LONGEST_SIDE + 1, SHORTEST_SIDE)).save(written, "PNG")
    return written.getvalue()


def limits(raw: bytes) -> Limits:
    """What reading a file may take: something, and more for a larger file."""
    return Limits(seconds=min(0.7 + 0.1 * len(raw) / 1e6, 3.0), memory=_memory(raw))


def read(raw: bytes) -> bytes:
    """Width and height (`HEADER`), then the RGB pixels of the picture: at most 512 a side and at least 2.

    Transparency is laid on white, rotation by EXIF is applied, of an animation the first frame counts.

    Raises:
        BadInput: saying what is wrong with it.
    """
    picture, turn = _decode(raw)
    if min(picture.size) < SHORTEST_SIDE:
        raise BadInput(f"the picture has only {picture.width} x {picture.height} pixels")
    if picture.mode in UNREAD:
        raise BadInput(f"the picture's {UNREAD[picture.mode]}; save it as RGB or grey of 8 or 16 bits")
    small = _shrunk(picture, turn)
    return HEADER.pack(*small.size) + small.tobytes()


def unpack(read: bytes) -> Pillow.Image:
    """The picture that `read` gave."""
    return Pillow.frombytes("RGB", HEADER.unpack_from(read), read[HEADER.size :])


def _decode(raw: bytes) -> tuple[Pillow.Image, int]:
    """The picture as it is stored, and its orientation."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Pillow.DecompressionBombWarning)
            picture = Pillow.open(io.BytesIO(raw), formats=FORMATS)
        _require_affordable(picture, raw)
        picture.load()
        return picture, picture.getexif().get(ORIENTATION, 1)
    except (BadInput, MemoryError):
        raise
    except Pillow.DecompressionBombError as error:
        raise _too_large(MOST_PIXELS) from error
    except UnidentifiedImageError as error:
        raise BadInput(f"not a picture ({', '.join(FORMATS)} are read)") from error
    except Exception as error:  # Pillow's plugins raise whatever their parser trips over
        if str(error) == NO_ROOM:
            raise BadInput(f"the picture is a broken WebP, or one that is {_excessive(raw)}") from error
        raise BadInput(f"the picture is broken or cut off ({str(error)[:200]})") from error


def _require_affordable(picture: Any, raw: bytes) -> None:
    """Refuses what would take too much, by its header; a large JPEG will be decoded at half its size."""
    pixels, is_jpeg = picture.width * picture.height, picture.format in ("JPEG", "MPO")
    memory = (WEBP_PIXEL if picture.format == "WEBP" else PIXEL) * pixels
    most = LARGEST_JPEG if is_jpeg else MOST_PIXELS
    if pixels > most:
        raise _too_large(most)
    if pixels > MOST_PIXELS:
        picture.draft(None, (picture.width // 2, picture.height // 2))
        memory //= 4
    if is_jpeg and (scans := _scans(raw)) > 1:
        if scans * pixels > MOST_SCANNED:
            raise BadInput(f"the picture is a JPEG of {scans} scans, which are too many for its size")
        sampled = [across * down for _, across, down, _ in picture.layer]  # colours are mostly coarser than brightness
        memory += COEFFICIENT * sum(sampled) * pixels // max(1, *sampled)
    if memory > _memory(raw):
        raise BadInput(
            f"the picture takes {memory / 1e6:.0f} MB of memory: it is {_excessive(raw)}; make it smaller, or save it "
            "as JPEG or PNG"
        )


def _excessive(raw: bytes) -> str:
    return f"too large for a file of {len(raw) / 1e3:,.1f} KB"


def _too_large(most: int) -> BadInput:
    return BadInput(f"the picture has more than {most // 10**6} million pixels")


def _memory(raw: bytes) -> int:
    """Bytes that reading a file may take: 140 MB for one of 1 MB, less for a smaller one, at most 400 MB."""
    return min(76_000_000 + 64 * len(raw) + 64 * max(0, len(raw) - 1_000_000), 400_000_000)


def _scans(raw: bytes) -> int:
    """How often a JPEG goes over its pixels."""
    scans, place = 0, 2
    while place + 4 <= len(raw) and raw[place] == 0xFF:
        sign = raw[place + 1]
        if sign == END:
            break
        if sign == 0xFF:  # padding
            place += 1
            continue
        place += 2 + int.from_bytes(raw[place + 2 : place + 4])
        if sign == SCAN:
            scans += 1
            following = MARKER.search(raw, place)
            place = following.start() if following else len(raw)
    return scans


def _shrunk(picture: Pillow.Image, turn: int) -> Pillow.Image:
    """RGB of the right size, exactly as Pillow's thumbnail of the whole turned picture on white."""
    _, is_on_side, _ = TURNS.get(turn, (None, False, False))
    width, height = reversed(picture.size) if is_on_side else picture.size
    size = _size(width, height)
    across, down = (max(1, int(side / small / GAP)) for side, small in zip((width, height), size, strict=True))
    if size == (width, height):
        across, down = 1, 1
    reduced = Pillow.new("RGB", (math.ceil(width / across), math.ceil(height / down)))
    rows = down * max(1, BAND // (width * down))
    for top in range(0, height, rows):
        band = _on_white(_band(picture, turn, top, min(height, top + rows)))
        reduced.paste(band.reduce((across, down)), (0, top // down))
    if size == reduced.size and (across, down) == (1, 1):
        return reduced
    return reduced.resize(size, Pillow.Resampling.BICUBIC, box=(0, 0, width / across, height / down))


def _band(picture: Pillow.Image, turn: int, top: int, bottom: int) -> Pillow.Image:
    """Rows of the turned picture."""
    way, is_on_side, is_reversed = TURNS.get(turn, (None, False, False))
    if is_reversed:
        end = picture.width if is_on_side else picture.height
        top, bottom = end - bottom, end - top
    box = (top, 0, bottom, picture.height) if is_on_side else (0, top, picture.width, bottom)
    band = picture.crop(box)
    return band if way is None else band.transpose(way)


def _on_white(picture: Pillow.Image) -> Pillow.Image:
    if picture.mode.startswith("I;16"):  # Pillow clips 16-bit grey at 255 when it converts
        picture = Pillow.fromarray((np.asarray(picture) >> 8).astype(np.uint8))
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        picture = Pillow.alpha_composite(Pillow.new("RGBA", picture.size, (255, 255, 255, 255)), picture)
    return picture.convert("RGB")


def _size(width: int, height: int) -> tuple[int, int]:
    """What a picture shrinks to: 512 at most, its shape kept as well as whole numbers can, and 2 at least."""
    longer, shorter = max(width, height), min(width, height)
    if longer <= LONGEST_SIDE:
        return width, height
    if LONGEST_SIDE * shorter < SHORTEST_SIDE * longer:  # so thin that shrinking would leave less of it
        small = SHORTEST_SIDE
    else:
        shape = width / height
        if shape <= 1:
            small = min(_around(LONGEST_SIDE * shape), key=lambda side: abs(shape - side / LONGEST_SIDE))
        else:
            small = min(_around(LONGEST_SIDE / shape), key=lambda side: abs(shape - LONGEST_SIDE / side))
    return (LONGEST_SIDE, small) if width == longer else (small, LONGEST_SIDE)


def _around(number: float) -> tuple[int, int]:
    return math.floor(number), math.ceil(number)
