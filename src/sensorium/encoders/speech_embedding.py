"""The sound encoder that openWakeWord's wheel carries."""

from sensorium.encoders.encoder import Encoder
from sensorium.encoders.mel_frames import MelFrames
from sensorium.encoders.over_time import over_time
from sensorium.fetch import speech_embedding_models
from sensorium.models.onnx_network import OnnxNetwork


def speech_embedding() -> Encoder:
    """256 numbers a clip; Google's speech embedding as openWakeWord carries it (Lin et al. 2020, arXiv:2002.01322)."""
    folder = speech_embedding_models()
    embedding, mel = folder / "embedding_model.onnx", folder / "melspectrogram.onnx"
    network = OnnxNetwork(over_time(embedding, folder / "embedding_over_time.onnx"))
    return Encoder(MelFrames({"melspectrogram.onnx": mel}), network, (embedding,))
