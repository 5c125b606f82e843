"""Pictures as the image processors of transformers make them, in numpy and Pillow."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from PIL import Image as Pillow

from sensorium.encoders.encoder import Arrays, Preprocess
from sensorium.errors import UserError

WARPED = 384  # pixels from which ConvNeXt's processor stretches a picture and crops none of it
ALIKE = 0.05  # deviations of a channel by which a pixel may differ: more than a rounded level, less than another filter


class Resized(Preprocess):
    """Float32 ``[3, height, width]`` of one size, by ``mean`` and ``std`` of 0-255.

    ``resize`` is the height and width that a picture is stretched to, or the length that its shorter side gets, or
    nothing; ``crop`` the height and width of the middle that is kept then, on black where there is less, or nothing.
    Where the constants say so, the channels are turned round before: ``blue_first``.
    """

    axes: ClassVar = {"pixel_values": {0: "batch"}}

    def __call__(self, value: Pillow.Image) -> Arrays:
        resize, crop = self.constants["resize"], self.constants["crop"]
        if resize:
            height, width = resize if isinstance(resize, list) else _of_shorter_side(value, resize)
            value = value.resize((width, height), Pillow.Resampling(self.constants["resample"]))
        if crop:
            left, top = (value.width - crop[1]) // 2, (value.height - crop[0]) // 2
            value = value.crop((left, top, left + crop[1], top + crop[0]))
        levels = np.asarray(value)[..., :: -1 if self.constants.get("blue_first") else 1]
        return {"pixel_values": np.stack([table[levels[..., channel]] for channel, table in enumerate(self._tables)])}

    @cached_property
    def _tables(self) -> np.ndarray:
        """What each level from 0 to 255 becomes in each channel."""
        levels = np.arange(256, dtype=np.float32)[:, None]
        return ((levels - self.constants["mean"]) / self.constants["std"]).astype(np.float32).T


def _of_shorter_side(value: Pillow.Image, length: int) -> tuple[int, int]:
    shorter, longer = sorted(value.size)
    stretched = int(length * longer / shorter)
    return (stretched, length) if value.width <= value.height else (length, stretched)


def resized(settings: Mapping[str, Any], processor: Any) -> Resized:
    """What does the same as an image processor of transformers.

    A processor that gives pictures of many shapes, which no batch could hold, is followed by a crop to their middle.

    Args:
        settings: of the processor.
        processor: the processor, to be compared with; ``None`` where there is none that runs here.

    Raises:
        UserError: if it does something that is not known here.
    """
    wanted = _pixels(processor)
    for change in CHANGES:
        found = Resized(**change(_constants(settings), settings))
        if all(_alike(found(picture)["pixel_values"], pixels) for picture, pixels in wanted):
            return found
    name = settings.get("image_processor_type", type(processor).__name__)
    raise UserError(
        f"its {str(name).removesuffix('Pil')} makes other pixels of a picture than resizing, cropping "
        "and normalising do, which is all that is known here; choose another encoder."
    )


Constants = dict[str, Any]


def _constants(settings: Mapping[str, Any]) -> Constants:
    """The constants of `Resized` that do what the settings say."""
    resize, crop = _resize(settings), None
    if settings.get("do_center_crop"):
        crop = _sides(settings.get("crop_size", resize))
    elif isinstance(resize, int):  # many shapes otherwise
        crop = [resize, resize]
    if resize is None and crop is None:
        raise UserError("its image processor does not resize (do_resize: false), and a batch has one size.")
    scale = 1 / (settings.get("rescale_factor") or 1 / 255) if settings.get("do_rescale", True) else 1.0
    return {
        "resize": resize,
        "crop": crop,
        "resample": int(Pillow.Resampling.BILINEAR if settings.get("resample") is None else settings["resample"]),
        "mean": [scale * mean for mean in _channels(settings, "image_mean", 0.0)],
        "std": [scale * std for std in _channels(settings, "image_std", 1.0)],
    }


def _resize(settings: Mapping[str, Any]) -> int | list[int] | None:
    if not settings.get("do_resize", True):
        return None
    size = settings.get("size")
    if isinstance(size, int):
        return [size, size]
    if size and {"height", "width"} <= set(size):
        return [int(size["height"]), int(size["width"])]
    if size and set(size) == {"shortest_edge"}:
        return int(size["shortest_edge"])
    raise UserError(
        f"its image processor resizes to {dict(size or {})}, which gives pictures of many shapes, and a batch has one; "
        "give `size` a height and a width in its preprocessor_config.json, or choose another encoder."
    )


def _sides(size: Any) -> list[int]:
    if isinstance(size, int | list):
        return size if isinstance(size, list) else [size, size]
    edge = size.get("shortest_edge", 0)
    return [int(size.get("height", edge)), int(size.get("width", edge))]


def _channels(settings: Mapping[str, Any], key: str, otherwise: float) -> list[float]:
    if not settings.get("do_normalize", True):
        return [otherwise] * 3
    try:
        return [float(one) for one in np.broadcast_to(settings[key], 3)]
    except (KeyError, ValueError, TypeError) as error:
        raise UserError(
            f"its image processor has {settings.get(key, 'nothing')!r} for {key}, where a number for each of red, "
            "green and blue is needed; fetch its preprocessor_config.json again."
        ) from error


def _as_stated(constants: Constants, settings: Mapping[str, Any]) -> Constants:
    return constants


def _around_the_crop(constants: Constants, settings: Mapping[str, Any]) -> Constants:
    """ConvNeXt's, ResNet's: so much larger that the crop is a share of it, or stretched where it is large anyway."""
    edge = constants["resize"]
    if not settings.get("crop_pct") or not isinstance(edge, int):
        return constants
    if edge >= WARPED:
        return constants | {"resize": [edge, edge], "crop": None}
    return constants | {"resize": int(edge / settings["crop_pct"])}


def _by_a_seventh(constants: Constants, settings: Mapping[str, Any]) -> Constants:
    """LeViT's: as if its size were what is left of 256 pixels when 224 are kept."""
    edge = constants["resize"]
    return constants | {"resize": int(256 / 224 * edge)} if isinstance(edge, int) else constants


def _twice_normalised(constants: Constants, settings: Mapping[str, Any]) -> Constants:
    """EfficientNet's: divided by the deviations once more."""
    again = _channels(settings, "image_std", 1.0)
    return constants | {"std": [std * more for std, more in zip(constants["std"], again, strict=True)]}


def _blue_first(constants: Constants, settings: Mapping[str, Any]) -> Constants:
    """MobileViT's, which does not normalise unless it is told to."""
    plain = _constants({"do_normalize": False, **settings})
    return constants | {"blue_first": True, "mean": plain["mean"], "std": plain["std"]}


def _from_minus_one(constants: Constants, settings: Mapping[str, Any]) -> Constants:
    """ViViT's: less one before it is normalised."""
    scale = 1 / (settings.get("rescale_factor") or 1 / 255) if settings.get("offset") else 0.0
    return constants | {"mean": [mean + scale for mean in constants["mean"]]}


# What processors do beside what their settings say; the first that makes the same pixels is right.
CHANGES = (_around_the_crop, _as_stated, _by_a_seventh, _twice_normalised, _blue_first, _from_minus_one)


def samples() -> list[Pillow.Image]:
    """Pictures of many colours: a wide, a tall and a square one."""
    coarse = Pillow.fromarray(np.random.default_rng(0).integers(0, 255, (12, 12, 3), dtype=np.uint8))
    return [coarse.resize(size, Pillow.Resampling.BILINEAR) for size in ((64, 48), (48, 64), (56, 56))]


def _pixels(processor: Any) -> list[tuple[Pillow.Image, np.ndarray]]:
    """Pictures of several shapes with what the processor makes of them; of a square where it would keep their shapes.

    None where it does not run: then nobody ever used it, and its settings are all there is to go by.
    """
    pictures = samples()
    try:
        pixels = [np.asarray(processor(one, return_tensors="np")["pixel_values"][0]) for one in pictures]
    except Exception:  # whatever its settings make it trip over, or it is None
        return []
    found = list(zip(pictures, pixels, strict=True))
    return found if pixels[0].shape == pixels[1].shape else found[2:]


def _alike(ours: np.ndarray, theirs: np.ndarray) -> bool:
    return ours.shape == theirs.shape and bool(np.abs(ours - theirs).max() <= ALIKE)
