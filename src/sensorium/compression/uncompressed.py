"""The trained model as a predictor, like a served one: what every candidate is compared with."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch

from sensorium.compression.parts import Reader, assemble
from sensorium.encoders.torch_network import TorchNetwork
from sensorium.models.network import Network
from sensorium.runtime.predictor import Predictor


class TorchFusion:
    """A fusion network run by torch, with the names that its ONNX file has."""

    def __init__(self, network: Network) -> None:
        self.network = network

    def outputs(self, batch: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """``logits.TARGET`` from ``features.INPUT`` and ``mask.INPUT``."""
        names = self.network.config.inputs
        features, masks = (
            {name: torch.from_numpy(batch[f"{sort}.{name}"]) for name in names} for sort in ("features", "mask")
        )
        with torch.inference_mode():
            logits = self.network(features, masks)
        return {f"logits.{target}": values.numpy() for target, values in logits.items()}


def uncompressed(readers: Mapping[str, Reader], network: Network) -> Predictor:
    """A predictor of the networks that training used, moved to the CPU, where serving runs."""
    for reader in readers.values():
        if isinstance(reader.encoder.network, TorchNetwork):
            reader.encoder.network.to("cpu")
    encoders = {name: reader.encoder.network for name, reader in readers.items()}
    return assemble(readers, encoders, network.targets, TorchFusion(network))


def size(readers: Mapping[str, Reader], network: Network) -> int:
    """Bytes of all weights in use and of the files that preprocessing needs."""
    total = _weights(network)
    for reader in readers.values():
        used = reader.encoder.network
        weights = reader.encoder.weights
        total += _weights(used.module) if isinstance(used, TorchNetwork) else sum(map(_bytes, weights))
        total += sum(map(_bytes, reader.encoder.preprocess.files.values()))
    return total


@contextmanager
def one_thread() -> Iterator[None]:
    """Torch with one thread, as serving runs."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _bytes(path: Path) -> int:
    return path.stat().st_size


def _weights(module: torch.nn.Module) -> int:
    return sum(tensor.numel() * tensor.element_size() for tensor in module.state_dict().values())
