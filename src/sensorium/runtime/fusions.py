"""The network behind the encoders of a packaged model, of this version or of an earlier one."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from sensorium.errors import UserError
from sensorium.models.onnx_network import OnnxNetwork


class Fusion(Protocol):
    """The network behind the encoders, whatever runs it."""

    def outputs(self, batch: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """``logits.TARGET`` ``[batch, outputs]`` from ``features.INPUT`` and ``mask.INPUT``."""


@dataclass(frozen=True)
class FusionOfInputs:
    """One that an earlier version packaged: it has no masks of tokens, but is told which inputs there are.

    Attributes:
        network: it.
    """

    network: Fusion

    def outputs(self, batch: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """As of any other; the encoders of such models give every value the same number of tokens."""
        masks = {name.removeprefix("mask."): mask for name, mask in batch.items() if name.startswith("mask.")}
        return self.network.outputs({**batch, **{f"present.{name}": mask[:, 0] for name, mask in masks.items()}})


def opened(path: Path, shapes: Mapping[str, tuple[int, int]]) -> Fusion:
    """The network in a file, which reads features of these shapes.

    Raises:
        UserError: if it reads others.
    """
    network = OnnxNetwork(path)
    read = {name: shape[1:] for name, shape in network.inputs.items()}
    features = {f"features.{name}": shape for name, shape in shapes.items()}
    if read == features | {f"present.{name}": () for name in shapes}:
        return FusionOfInputs(network)
    if read != (expected := features | {f"mask.{name}": shape[:1] for name, shape in shapes.items()}):
        raise UserError(f"{path} does not fit the encoders: it reads {read}, they give {expected}.")
    return network
