"""Torch modules to ONNX files."""

import logging
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from sensorium.models.network import Network

Axes = Mapping[str, Mapping[int, str]]


def export_onnx(
    module: nn.Module, path: Path, example: Mapping[str, np.ndarray], outputs: Sequence[str], axes: Axes
) -> None:
    """Writes ``module``, called with the arrays of ``example`` in their order, as an ONNX file.

    The tracing exporter is used: the newer one is five to ten times slower here and renames some outputs.
    """
    fast_path = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)  # one fused operator that ONNX has no word for
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(), torch.inference_mode():
            warnings.simplefilter("ignore")
            torch.onnx.export(
                module,
                tuple(torch.from_numpy(array) for array in example.values()),
                str(path),
                input_names=list(example),
                output_names=list(outputs),
                dynamic_axes={name: dict(varying) for name, varying in axes.items()},
                opset_version=17,
                dynamo=False,
            )
    finally:
        torch.backends.mha.set_fastpath_enabled(fast_path)


class _Flat(nn.Module):
    """A network whose features and presences come one after the other, as ONNX wants them."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(self, *arrays: Tensor) -> tuple[Tensor, ...]:
        names = list(self.network.config.inputs)
        features = dict(zip(names, arrays[: len(names)], strict=True))
        present = dict(zip(names, arrays[len(names) :], strict=True))
        return tuple(self.network(features, present).values())


def export_network(network: Network, path: Path, tokens: Mapping[str, int]) -> None:
    """Writes a fusion network: inputs ``features.NAME`` and ``present.NAME``, outputs ``logits.TARGET``.

    Args:
        network: in evaluation mode.
        path: the ONNX file.
        tokens: how many tokens the features of every input have.
    """
    config, rows = network.config, 2
    example = {
        f"features.{name}": np.zeros((rows, tokens[name], dim), np.float32) for name, dim in config.inputs.items()
    }
    example |= {f"present.{name}": np.ones(rows, np.float32) for name in config.inputs}
    outputs = [f"logits.{target}" for target in config.targets]
    axes = {name: {0: "batch"} for name in [*example, *outputs]}
    export_onnx(_Flat(network), path, example, outputs, axes)
