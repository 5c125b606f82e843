"""Clips read by a transformer from a folder: one of clips, or one of pictures frame by frame."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from PIL import Image

from sensorium.decoding.clip import Clip
from sensorium.encoders.encoder import Encoder
from sensorium.encoders.frames import FramesTogether, of_frames
from sensorium.encoders.resized import resized
from sensorium.encoders.transformer.folder import Folder
from sensorium.encoders.transformer.loading import image_processor, load
from sensorium.encoders.transformer.pictures import read_pictures
from sensorium.encoders.transformer.proof import proven
from sensorium.encoders.transformer.readings import pictures


def read_clips(folder: Folder, frames: int, example: Clip) -> Encoder:
    """The encoder in a folder.

    Args:
        folder: with the image processor's settings and the network.
        frames: that are read of a clip one by one; a network of clips has a number of its own.
        example: a clip that the network is tried with.

    Raises:
        UserError: if it cannot be used.
    """
    if not (its_frames := folder.config.get("num_frames")):
        return of_frames(read_pictures(folder, Image.fromarray(example.frames[0])), frames)
    settings, processor = image_processor(folder)
    of_one = resized(settings, _of_one(processor))
    preprocess = FramesTogether(frames=int(its_frames), picture="resized", settings=of_one.constants)
    batch = preprocess.collate([preprocess(example), preprocess(example)])
    return Encoder(preprocess, proven(load(folder), pictures, [batch]), "transformer clips 1", folder.decisive)


def _of_one(processor: Any) -> Any:
    """What a processor of clips makes of one picture, as one of pictures would give it."""

    def processed(picture: Image.Image, **options: Any) -> Mapping[str, Any]:
        pixels = np.asarray(processor([picture], **options)["pixel_values"])
        return {"pixel_values": pixels.reshape(-1, *pixels.shape[-3:])}

    return processed
