"""The fusion network as an ONNX file."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from torch import Tensor, nn

from sensorium.encoders.encoder import Arrays
from sensorium.models.export import export_onnx
from sensorium.models.network import Network


class _Flat(nn.Module):
    """A network whose features and masks come one after the other, as ONNX wants them."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(self, *arrays: Tensor) -> tuple[Tensor, ...]:
        names = list(self.network.config.inputs)
        features = dict(zip(names, arrays[: len(names)], strict=True))
        masks = dict(zip(names, arrays[len(names) :], strict=True))
        return tuple(self.network(features, masks).values())


def export_network(network: Network, path: Path, tokens: Mapping[str, int]) -> None:
    """Writes a fusion network: inputs ``features.NAME`` and ``mask.NAME``, outputs ``logits.TARGET``.

    Args:
        network: in evaluation mode.
        path: the ONNX file.
        tokens: how many tokens the features of every input have, those that are not there among them.
    """
    config, rows = network.config, 2
    example: Arrays = {
        f"features.{name}": np.zeros((rows, tokens[name], dim), np.float32) for name, dim in config.inputs.items()
    }
    example |= {f"mask.{name}": np.ones((rows, tokens[name]), np.float32) for name in config.inputs}
    outputs = [f"logits.{target}" for target in config.targets]
    axes = {name: {0: "batch"} for name in [*example, *outputs]}
    # In evaluation mode as a whole: the exporter gives a module back in the mode in which it got it, parts and all.
    export_onnx(_Flat(network).eval(), path, example, outputs, axes)
