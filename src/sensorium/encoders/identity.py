"""Numbers that are features as they are, which needs no network until one is to be served."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np


class Identity:
    """Gives its one array back."""

    def __call__(self, batch: Mapping[str, np.ndarray]) -> np.ndarray:
        (numbers,) = batch.values()
        return numbers.copy()

    def export(self, path: Path, example: Mapping[str, np.ndarray], axes: Mapping[str, Mapping[int, str]]) -> None:
        """Writes the same as ONNX."""
        from torch import Tensor, nn

        from sensorium.models.export import export_onnx

        class Same(nn.Module):
            def forward(self, numbers: Tensor) -> Tensor:
                return numbers.clone()

        export_onnx(Same(), path, example, ["features"], {**axes, "features": {0: "batch"}})
