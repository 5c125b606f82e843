"""Pictures read by a transformer, or another network of that library, from a folder."""

from PIL import Image

from sensorium.encoders.encoder import Encoder
from sensorium.encoders.resized import resized, samples
from sensorium.encoders.transformer.folder import Folder
from sensorium.encoders.transformer.loading import image_processor, load
from sensorium.encoders.transformer.proof import proven
from sensorium.encoders.transformer.readings import pictures


def read_pictures(folder: Folder, example: Image.Image) -> Encoder:
    """The encoder in a folder.

    Args:
        folder: with the image processor's settings and the network.
        example: a cleaned picture that the network is tried with, besides some of other shapes.

    Raises:
        UserError: if it cannot be used.
    """
    preprocess = resized(*image_processor(folder))
    batch = preprocess.collate([preprocess(picture) for picture in (example, *samples())])
    return Encoder(preprocess, proven(load(folder), pictures, [batch]), "transformer pictures 1", folder.decisive)
