"""Torch modules to ONNX files."""

import logging
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import nn

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
                opset_version=18,
                dynamo=False,
            )
    finally:
        torch.backends.mha.set_fastpath_enabled(fast_path)
