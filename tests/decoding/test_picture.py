"""What a picture may take is bounded, whatever its bytes; what comes out is what Pillow makes of the whole."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image as Pillow
from PIL import ImageOps

from sensorium.decoding import picture
from sensorium.modalities import Image
from tests.pictures import complaint, saved

NOISE = Pillow.fromarray(np.random.default_rng(0).integers(0, 255, (29, 41, 3), np.uint8))
PHOTO = NOISE.resize((4032, 3024))


def of_many_scans(side: int, scans: int) -> bytes:
    raw = saved(Pillow.new("L", (side, side)), "JPEG", quality=1, progressive=True)
    last = raw[raw.rfind(b"\xff\xc4", 0, raw.rfind(b"\xff\xda")) : -2]
    return raw[:-2] + last * scans + raw[-2:]


def of_many_entries(number: int, shared: int) -> bytes:
    """A TIFF whose every entry is the same bytes."""
    entries = b"".join(struct.pack("<HHII", at, 7, shared, 14 + 12 * number) for at in range(number))
    return b"II*\0\x08\0\0\0" + struct.pack("<H", number) + entries + bytes(4 + shared)


def chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def lossless(side: int) -> bytes:
    return saved(Pillow.new("RGB", (side, side)), "WEBP", lossless=True, quality=0, method=0)


HOSTILE = {
    "a WebP of 34 bytes": (
        lossless(7071), "the picture is a broken WebP, or one that is too large for a file of 0.0 KB"
    ),
    "a WebP whose canvas fits": (
        lossless(2200),
        "the picture takes 87 MB of memory: it is too large for a file of 0.0 KB; make it smaller, or save it as JPEG "
        "or PNG",
    ),
    "a PNG": (saved(Pillow.new("1", (4200, 4200)), "PNG"), "the picture has more than 16 million pixels"),
    "a JPEG": (saved(Pillow.new("L", (7100, 7100)), "JPEG"), "the picture has more than 50 million pixels"),
    "scans": (of_many_scans(7000, 250), "the picture is a JPEG of 256 scans, which are too many for its size"),
    "coefficients": (
        saved(Pillow.new("CMYK", (3500, 3500)), "JPEG", progressive=True, quality=1),
        "the picture takes 147 MB of memory: it is too large for a file of 192.8 KB; make it smaller, or save it as "
        "JPEG or PNG",
    ),
    "entries": (of_many_entries(9_000, 890_000), "reading it takes more than 140 MB of memory"),
}  # fmt: skip


@pytest.mark.parametrize(("raw", "sentence"), HOSTILE.values(), ids=HOSTILE)
def test_what_takes_too_much_is_refused_in_a_sentence(raw: bytes, sentence: str) -> None:
    assert len(raw) < 1_100_000
    assert complaint(raw) == sentence


def test_text_that_unpacks_to_much_is_refused() -> None:
    bomb = chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(2**20)))
    raw = saved(NOISE, "PNG", compress_level=1)
    assert complaint(raw[:33] + bomb * 70 + raw[33:]).startswith("the picture is broken or cut off (Too much memory")


@pytest.mark.parametrize(
    "options", [{}, {"progressive": True}, {"progressive": True, "subsampling": 0, "quality": 95}], ids=str
)
def test_a_phones_photograph_is_read(options: dict[str, object]) -> None:
    assert Image().accept(saved(PHOTO, "JPEG", **options)).size == (512, 384)


def test_a_larger_jpeg_is_decoded_at_half_its_size() -> None:
    large = saved(PHOTO.resize((8064, 6048), Pillow.Resampling.NEAREST), "JPEG")
    value, small = Image().accept(large), Image().accept(saved(PHOTO, "JPEG"))
    assert value.size == (512, 384)
    assert np.abs(np.asarray(value, int) - np.asarray(small, int)).mean() < 2


@pytest.mark.parametrize(("mode", "turn"), [*(("RGB", turn) for turn in range(1, 9)), ("RGBA", 7), ("LA", 1), ("P", 8)])
def test_in_bands_the_same_comes_out_as_of_the_whole(mode: str, turn: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture, "BAND", 100_000)
    pixels = NOISE.resize((2101, 1203)).convert(mode)
    if mode in ("RGBA", "LA"):
        pixels.putalpha(NOISE.convert("L").resize(pixels.size))
    about = Pillow.Exif()
    about[0x112] = turn
    raw = saved(pixels, "PNG", exif=about, compress_level=1)
    whole = ImageOps.exif_transpose(Pillow.open(io.BytesIO(raw)))
    if whole.has_transparency_data:
        white = Pillow.new("RGBA", whole.size, (255, 255, 255, 255))
        whole = Pillow.alpha_composite(white, whole.convert("RGBA"))
    whole = whole.convert("RGB")
    whole.thumbnail((512, 512))
    assert picture.unpack(picture.read(raw)).tobytes() == whole.tobytes()


def test_sizes_are_those_of_pillows_thumbnails() -> None:
    random = np.random.default_rng(0)
    for width, height in [(513, 513), (514, 3), (1000, 511), *random.integers(400, 1600, (60, 2)).tolist()]:
        thumbnail = Pillow.new("L", (width, height))
        thumbnail.thumbnail((512, 512))
        assert picture._size(width, height) == (thumbnail.size if max(width, height) > 512 else (width, height))
    assert picture._size(20_000, 3) == (512, 2)
