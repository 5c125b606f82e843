"""Every student of an encoder before every fusion: whatever stands in the tables of the project."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from sensorium.compression.distil import DistillationSet, distil_encoder
from sensorium.compression.parity import difference
from sensorium.compression.shrink import SHRINKS, products
from sensorium.models.export import export_onnx
from sensorium.models.fusion import FUSIONS
from sensorium.models.network import Network, NetworkConfig
from sensorium.models.onnx_network import OnnxNetwork
from sensorium.training.data import Rows
from tests.compression.conftest import SIZE, WORDS, arrays, sentences

ROWS = 48


class Attentive(nn.Module):
    """Word vectors through attention, which reads weights of layers that it never calls."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(WORDS, SIZE)
        layer = nn.TransformerEncoderLayer(SIZE, 4, 64, 0.0, batch_first=True)
        self.layers = nn.TransformerEncoder(layer, 4, enable_nested_tensor=False)

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        return self.layers(self.table(input_ids), src_key_padding_mask=attention_mask == 0).mean(1, keepdim=True)


def model(fusion: str) -> tuple[Network, Rows]:
    """A fusion of two inputs, each missing in some rows, and rows to teach on."""
    torch.manual_seed(0)
    targets = {"label": ["no", "yes"], "size": ["s", "m", "l"]}
    network = Network(NetworkConfig({"note": SIZE, "sound": 24}, targets, fusion, 64, 1, 0.1)).eval()
    items = torch.arange(ROWS)
    rows = Rows(
        {"note": torch.randn(ROWS, 1, SIZE), "sound": torch.randn(ROWS, 3, 24)},
        {"note": torch.where(items % 5 == 0, -1, items), "sound": torch.where(items % 5 == 1, -1, items)},
        {"label": items % 2, "size": items % 3},
    )
    return network.requires_grad_(False), rows


def distillation_set(batch: dict[str, Tensor], features: Tensor) -> DistillationSet:
    """A sample for every row."""
    return DistillationSet(
        "note",
        [{name: array[row].numpy() for name, array in batch.items()} for row in range(ROWS)],
        lambda several: {name: np.stack([one[name] for one in several]) for name in several[0]},
        features,
        [np.array([row]) for row in range(ROWS)],
    )


def used(module: nn.Module) -> int:
    """Weights that are not zero."""
    return sum(int(weight.count_nonzero()) for weight in products(module))


@pytest.mark.parametrize("kind", SHRINKS)
@pytest.mark.parametrize("fusion", FUSIONS)
def test_students_of_attention_learn_before_every_fusion(fusion: str, kind: str, tmp_path: Path) -> None:
    network, rows = model(fusion)
    teacher, batch = Attentive().eval().requires_grad_(False), sentences(ROWS)
    features = teacher(**batch)
    rows = Rows({**rows.features, "note": features}, rows.items, rows.labels)
    student = SHRINKS[kind](teacher, 0.5, sentences(2))
    share = used(student) / used(teacher)
    before = float((student(**batch) - features).detach().square().mean())
    distil_encoder(student, distillation_set(batch, features), network, rows, 4)
    assert float((student(**batch) - features).square().mean()) < before
    assert used(student) / used(teacher) == share < 0.8
    axes = {name: {0: "batch", 1: "tokens"} for name in batch} | {"features": {0: "batch"}}
    export_onnx(student, tmp_path / "student.onnx", arrays(sentences(2)), ["features"], axes)
    written = OnnxNetwork(tmp_path / "student.onnx")(arrays(batch))
    assert difference(student(**batch).numpy(), written) < 1e-5
