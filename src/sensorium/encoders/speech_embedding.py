"""The sound encoder that openWakeWord's wheel carries."""

from functools import partial
from pathlib import Path

from sensorium.cached import made_once
from sensorium.encoders import over_time
from sensorium.encoders.encoder import Encoder
from sensorium.encoders.mel_frames import MelFrames
from sensorium.fetch import speech_embedding_models
from sensorium.files import sha256
from sensorium.models.onnx_network import OnnxNetwork


def speech_embedding() -> Encoder:
    """256 numbers a clip; Google's speech embedding as openWakeWord carries it (Lin et al. 2020, arXiv:2002.01322)."""
    folder = speech_embedding_models()
    embedding, mel = folder / "embedding_model.onnx", folder / "melspectrogram.onnx"
    derived = folder.parent / f"speech-embedding-{sha256(Path(over_time.__file__))[:16]}"
    network = OnnxNetwork(made_once(derived / "embedding.onnx", partial(over_time.over_time, embedding)))
    return Encoder(MelFrames({"melspectrogram.onnx": mel}), network, "speech-embedding 1", (embedding,))
