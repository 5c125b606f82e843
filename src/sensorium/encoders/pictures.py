"""Ways to prepare a picture, by the name stored with a model."""

from sensorium.encoders.encoder import Preprocess
from sensorium.encoders.pixels import Pixels
from sensorium.encoders.resized import Resized

PICTURES: dict[str, type[Preprocess]] = {"pixels": Pixels, "resized": Resized}
