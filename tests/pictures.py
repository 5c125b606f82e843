"""Pictures as files, and what is said of them."""

import io

import pytest
from PIL import Image as Pillow

from sensorium.errors import BadInput
from sensorium.modalities import Image


def saved(picture: Pillow.Image, form: str = "PNG", **options: object) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, form, **options)
    return stream.getvalue()


def complaint(raw: bytes) -> str:
    with pytest.raises(BadInput) as caught:
        Image().accept(raw)
    return str(caught.value)
