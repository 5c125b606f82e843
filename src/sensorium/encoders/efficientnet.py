"""The network of the picture encoder, with the weights that a Python package carries."""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn


class ConvolutionalFeatures(nn.Module):
    """The mean over the last feature map of an EfficientNet."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model: Any = model

    def forward(self, pixel_values: Tensor) -> Tensor:
        return self.model.extract_features(pixel_values).mean((2, 3))[:, None]


def efficientnet_lite0(weights: Path) -> nn.Module:
    """EfficientNet-Lite0 (Tan and Le 2019, arXiv:1905.11946) without its classifier; 1280 numbers a picture."""
    from efficientnet_lite_pytorch import EfficientNet

    network = EfficientNet.from_name("efficientnet-lite0")
    network.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
    return ConvolutionalFeatures(network)
