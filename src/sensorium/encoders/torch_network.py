"""Torch networks as encoders; features are ``[batch, tokens, dim]``."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from torch import nn

from sensorium.models.device import has_gpu


class TorchNetwork:
    """A frozen torch module behind numpy arrays, on the GPU where there is one."""

    def __init__(self, module: nn.Module) -> None:
        # Serving computes in full fp32: what training saw may not be rounded more coarsely.
        torch.backends.cudnn.allow_tf32 = False
        self.module = module.eval().requires_grad_(False)
        self.to("cuda" if has_gpu() else "cpu")

    def to(self, device: str) -> None:
        """Moves it to another device."""
        self.device = torch.device(device)
        self.module.to(self.device)

    def __call__(self, batch: Mapping[str, np.ndarray]) -> np.ndarray:
        with torch.inference_mode():
            tensors = {name: torch.from_numpy(array).to(self.device) for name, array in batch.items()}
            return self.module(**tensors).cpu().numpy()

    def export(self, path: Path, example: Mapping[str, np.ndarray], axes: Mapping[str, Mapping[int, str]]) -> None:
        """Writes the module as ONNX; ``example`` gives the arrays, ``axes`` which of their axes vary."""
        from sensorium.models.export import export_onnx

        export_onnx(self.module.cpu(), path, example, ["features"], {**axes, "features": {0: "batch"}})
        self.module.to(self.device)
