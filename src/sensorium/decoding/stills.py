"""A ZIP of pictures as a clip: a picture a frame, in the order of their names, 25 a second."""

import io
import zipfile
import zlib

import av
import numpy as np
from PIL import Image as Pillow

from sensorium.decoding import picture
from sensorium.decoding.choosing import Sampling, evenly
from sensorium.decoding.clip import Clip
from sensorium.decoding.frame import like, small
from sensorium.errors import BadInput
from sensorium.frame_files import PICTURES, in_order

RATE, LASTS = 25, 40  # frames a second, and milliseconds of each
MOST_BYTES = 2**25  # of a picture
BROKEN = (zipfile.BadZipFile, NotImplementedError, EOFError, RuntimeError, zlib.error)


def clip(raw: bytes, seconds: float, frames: int, sampling: Sampling) -> Clip:
    """At most so many frames, chosen in this way, of the first so many seconds; a picture that is broken is left out.

    Raises:
        BadInput: if it holds no picture that can be read.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            names = sorted((name for name in archive.namelist() if PICTURES.fullmatch(name)), key=in_order)
            names = [name for place, name in enumerate(names) if place < seconds * RATE]
            times = np.arange(len(names)) * LASTS
            places = evenly(times, len(names) * LASTS, frames * sampling.looked_at)
            found = [(times[place], one) for place in places if (one := _read(archive, names[place])) is not None]
    except BROKEN as error:
        raise BadInput(f"the archive of frames is broken or cut off ({str(error)[:200]})") from error
    if not found:
        raise BadInput("the archive holds no pictures that can be read; as a clip it has a picture a frame")
    size, first = found[0][1]
    pixels = np.stack([like(first, one) for _, (_, one) in found])
    kept = sampling.pick([*pixels], frames) if len(found) > frames else np.arange(len(found))
    shown = np.array([time for time, _ in found], np.int64)[kept]
    return Clip(pixels[kept], shown - shown[0], min(len(names) / RATE, seconds), float(RATE), size)


def _read(archive: zipfile.ZipFile, name: str) -> tuple[int, np.ndarray] | None:
    """The longer side of a picture and its small pixels; nothing of what is broken or too large."""
    with archive.open(name) as member:
        content = member.read(MOST_BYTES + 1)
    try:
        if len(content) > MOST_BYTES:
            return None
        whole = np.asarray(picture.unpack(picture.read(content)))
        with Pillow.open(io.BytesIO(content), formats=picture.FORMATS) as header:
            return max(header.size), small(av.VideoFrame.from_ndarray(whole, format="rgb24"))
    except BadInput:
        return None
