"""Small networks of the sorts that encoders are made of, and a trained model over two numbers."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from sensorium.compression.parts import Reader, export_encoder, export_fusion, fusion_batches
from sensorium.compression.settings import FUSION
from sensorium.encoders.encoder import Arrays, encode
from sensorium.modalities import Tabular
from sensorium.models.export import export_onnx
from sensorium.models.network import Network
from sensorium.training.data import Rows
from tests import model

WORDS, SIZE = 60, 32


class Sentence(nn.Module):
    """Word vectors through a few layers, their mean as one token."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(WORDS, SIZE)
        self.layers = nn.ModuleList(
            nn.Sequential(nn.Linear(SIZE, 64), nn.GELU(), nn.Linear(64, SIZE)) for _ in range(4)
        )

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        states = self.table(input_ids)
        for layer in self.layers:
            states = states + layer(states)
        weights = attention_mask[..., None].to(states.dtype)
        return (states * weights).sum(1, keepdim=True) / weights.sum(1, keepdim=True)


class Picture(nn.Module):
    """Convolutions, their mean as one token."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(3, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(), nn.Conv2d(32, 24, 3, padding=1)
        )

    def forward(self, pixel_values: Tensor) -> Tensor:
        return self.body(pixel_values).mean((2, 3))[:, None]


def sentences(count: int, length: int = 7) -> dict[str, Tensor]:
    ids = torch.randint(0, WORDS, (count, length), generator=torch.Generator().manual_seed(0))
    return {"input_ids": ids, "attention_mask": torch.ones_like(ids)}


def pictures(count: int) -> dict[str, Tensor]:
    return {"pixel_values": torch.randn(count, 3, 16, 16, generator=torch.Generator().manual_seed(0))}


def arrays(tensors: dict[str, Tensor]) -> Arrays:
    return {name: tensor.numpy() for name, tensor in tensors.items()}


@pytest.fixture(scope="session")
def sentence_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("onnx") / "sentence.onnx"
    axes = {name: {0: "batch", 1: "tokens"} for name in ("input_ids", "attention_mask")} | {"features": {0: "batch"}}
    export_onnx(Sentence().eval(), path, arrays(sentences(2)), ["features"], axes)
    return path


@pytest.fixture(scope="session")
def picture_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("onnx") / "picture.onnx"
    axes = {"pixel_values": {0: "batch"}, "features": {0: "batch"}}
    export_onnx(Picture().eval(), path, arrays(pictures(2)), ["features"], axes)
    return path


@dataclass
class Toy:
    """A model whose one input is two numbers."""

    readers: dict[str, Reader]
    network: Network
    values: list[dict[str, float]]
    rows: Rows
    folder: Path

    def parts(self, name: str = "parts"):  # type: ignore[no-untyped-def]
        work = self.folder / name
        tokens = {key: reader.shape[0] for key, reader in self.readers.items()}
        found = {key: export_encoder(key, reader, self.values[:8], work / key) for key, reader in self.readers.items()}
        found[FUSION] = export_fusion(self.network, tokens, fusion_batches(self.rows, 16), work / FUSION)
        return found


@pytest.fixture
def toy(tmp_path: Path) -> Toy:
    random = np.random.default_rng(0)
    values = [{"a": float(a), "b": float(b)} for a, b in random.normal(size=(60, 2))]
    readers = model.read({"facts": Tabular(numbers=["a", "b"])}, {"facts": values[0]})
    torch.manual_seed(0)
    network = model.small_network(readers, {"label": ["no", "yes"], "size": ["s", "m", "l"]})
    network.requires_grad_(False)
    encoder = readers["facts"].encoder
    features = torch.from_numpy(encode(encoder.preprocess, encoder.network, values))
    items = torch.arange(60)
    labels = {"label": items % 2, "size": torch.where(items < 50, items % 3, -1)}
    return Toy(readers, network, values, Rows({"facts": features}, {"facts": items}, labels), tmp_path)
