from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from sensorium.encoders.over_time import over_time
from sensorium.fetch import speech_embedding_models
from sensorium.models.onnx_network import OnnxNetwork


@pytest.mark.slow
@pytest.mark.parametrize("frames", [76, 83, 84, 200])
def test_a_pass_over_the_clip_gives_exactly_the_embeddings_of_its_windows(frames: int, tmp_path: Path) -> None:
    source = speech_embedding_models() / "embedding_model.onnx"
    mel = np.random.default_rng(0).normal(2, 1, (frames, 32, 1)).astype(np.float32)
    windows = np.stack([mel[start : start + 76] for start in range(0, frames - 75, 8)])
    apart = onnxruntime.InferenceSession(source).run(None, {"input_1": windows})[0].reshape(-1, 96)
    over_time(source, tmp_path / "over_time.onnx")
    network = OnnxNetwork(tmp_path / "over_time.onnx")
    np.testing.assert_allclose(network({"frames": mel[None]})[0], apart, atol=1e-5)
