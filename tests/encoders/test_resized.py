import numpy as np
import pytest
import transformers as library
from PIL import Image as Pillow

from sensorium.encoders.resized import Resized, resized
from sensorium.errors import UserError

SQUARE = {"height": 32, "width": 32}
PROCESSORS = [
    library.ViTImageProcessorPil(size=SQUARE),
    library.ViTImageProcessorPil(size={"height": 32, "width": 48}, resample=1, rescale_factor=1 / 127.5),
    library.ViTImageProcessorPil(size=SQUARE, do_rescale=False, do_normalize=False),
    library.CLIPImageProcessorPil(size={"shortest_edge": 32}, crop_size=28),
    library.CLIPImageProcessorPil(do_resize=False, crop_size=100),
    library.DeiTImageProcessorPil(size={"height": 40, "width": 40}, crop_size=32),
    library.ConvNextImageProcessorPil(size={"shortest_edge": 32}, crop_pct=0.8),
    library.ConvNextImageProcessorPil(size={"shortest_edge": 384}, crop_pct=0.8),
    library.LevitImageProcessorPil(size={"shortest_edge": 32}, crop_size=32),
    library.EfficientNetImageProcessorPil(size=SQUARE),
    library.MobileViTImageProcessorPil(size={"shortest_edge": 36}, crop_size=32),
]


def picture(width: int, height: int) -> Pillow.Image:
    return Pillow.fromarray(np.random.default_rng(0).integers(0, 255, (height, width, 3), np.uint8))


@pytest.mark.parametrize("processor", PROCESSORS, ids=lambda one: type(one).__name__)
def test_it_does_what_the_processor_does(processor: library.BaseImageProcessor) -> None:
    ours = resized(processor.to_dict(), processor)
    for size in ((64, 48), (33, 70), (40, 40)):
        wanted = processor(picture(*size), return_tensors="np")["pixel_values"][0]
        np.testing.assert_allclose(ours(picture(*size))["pixel_values"], wanted, atol=1e-4)


def test_of_pictures_that_would_keep_their_shapes_the_middle_is_read() -> None:
    processor = library.CLIPImageProcessorPil(size={"shortest_edge": 32}, do_center_crop=False)
    ours = resized(processor.to_dict(), processor)
    wanted = processor(picture(64, 48), return_tensors="np")["pixel_values"][0]
    np.testing.assert_allclose(ours(picture(64, 48))["pixel_values"], wanted[:, :, 5:37], atol=1e-4)


def test_the_middle_of_a_smaller_picture_stands_on_black() -> None:
    pixels = Resized(resize=None, crop=[4, 6], resample=2, mean=[0.0] * 3, std=[1.0] * 3)
    grey = pixels(Pillow.new("RGB", (4, 2), (9, 9, 9)))["pixel_values"]
    assert grey[0].tolist() == [[0] * 6, [0, 9, 9, 9, 9, 0], [0, 9, 9, 9, 9, 0], [0] * 6]


def test_a_processor_that_does_something_else_is_refused() -> None:
    donut = library.DonutImageProcessorPil(size=SQUARE)
    with pytest.raises(UserError, match="its DonutImageProcessor makes other pixels of a picture than resizing"):
        resized(donut.to_dict(), donut)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"size": {"longest_edge": 32}}, r"resizes to \{'longest_edge': 32\}, which gives pictures of many shapes"),
        ({"do_resize": False}, r"does not resize \(do_resize: false\)"),
        ({"size": SQUARE}, "has 'nothing' for image_mean, where a number for each of red, green and blue is needed"),
        ({"size": SQUARE, "image_mean": [1, 2]}, r"has \[1, 2\] for image_mean"),
    ],
)
def test_settings_that_give_no_batch_are_refused(settings: dict[str, object], sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        resized(settings, None)
