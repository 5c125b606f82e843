import numpy as np
import pytest
from PIL import Image as Pillow

from sensorium.encoders.pixels import Pixels
from sensorium.errors import BadInput
from sensorium.modalities import Image
from tests.conftest import png
from tests.pictures import complaint, saved


def test_hostile_bytes_get_a_sentence() -> None:
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
    whole = saved(Pillow.fromarray(noise))
    assert complaint(b"") == "the picture is empty (0 bytes)"
    assert complaint(b"hello") == "not a picture (PNG, JPEG, WEBP, GIF, BMP, TIFF are read)"
    assert complaint(whole[: len(whole) // 2]).startswith("the picture is broken or cut off")
    assert complaint(png(size=(1, 1))) == "the picture has only 1 x 1 pixels"


def test_a_bomb_is_refused_before_it_is_decoded() -> None:
    assert complaint(saved(Pillow.new("1", (30_000, 3_000)))) == "the picture has more than 16 million pixels"


@pytest.mark.parametrize("cut", range(0, 200, 7))
def test_no_cut_of_a_file_raises_anything_else(cut: int) -> None:
    for form in ("PNG", "JPEG", "GIF", "WEBP", "TIFF", "BMP"):
        raw = saved(Pillow.fromarray(np.random.default_rng(1).integers(0, 255, (16, 16, 3), np.uint8)), form)
        try:
            Image().accept(raw[: len(raw) * cut // 200])
        except BadInput:
            pass


def test_transparency_is_laid_on_white() -> None:
    half = Pillow.new("RGBA", (4, 4), (0, 0, 0, 0))
    half.paste((10, 20, 30, 255), (0, 0, 4, 2))
    cleaned = np.asarray(Image().accept(saved(half)))
    assert cleaned[0, 0].tolist() == [10, 20, 30]
    assert cleaned[3, 3].tolist() == [255, 255, 255]


def test_sixteen_bit_grey_keeps_its_shades() -> None:
    grey = Pillow.fromarray(np.array([[0, 32768], [65535, 16384]], np.uint16))
    assert np.asarray(Image().accept(saved(grey)))[..., 0].tolist() == [[0, 128], [255, 64]]


def test_large_pictures_shrink() -> None:
    value = Image().accept(saved(Pillow.fromarray(np.random.default_rng(0).integers(0, 255, (800, 1200, 3), np.uint8))))
    assert value.size == (512, 341)


def test_pixels_pad_crop_and_stretch_to_a_square() -> None:  # the last two: in models packaged by earlier versions
    wide = Pillow.new("RGB", (40, 20), (100, 100, 100))
    common = {"size": 20, "resample": 2, "mean": [0.0] * 3, "std": [1.0] * 3}
    padded = Pixels(fit="pad", **common)(wide)["pixel_values"]
    assert (padded.shape, padded[0, 0, 0], padded[0, 10, 10]) == ((3, 20, 20), 255.0, 100.0)
    assert Pixels(fit="crop", resize=20, **common)(wide)["pixel_values"].min() == 100.0
    assert Pixels(fit="stretch", **common)(wide)["pixel_values"].max() == 100.0
