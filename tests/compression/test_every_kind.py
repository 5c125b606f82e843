"""Every fusion through every student and every form: whatever stands in the tables of the project."""

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from torch import Tensor, nn

from sensorium.compression.distil import DistillationSet, distil_encoder, distil_network
from sensorium.compression.export import export_network
from sensorium.compression.forms import FORMS, make_form
from sensorium.compression.parity import difference
from sensorium.compression.parts import fusion_batches
from sensorium.compression.quality import similarity
from sensorium.compression.shrink import SHRINKS, products
from sensorium.compression.students import FUSION_SHRINKS
from sensorium.compression.uncompressed import TorchFusion
from sensorium.encoders.encoder import Arrays
from sensorium.errors import UserError
from sensorium.models.export import export_onnx
from sensorium.models.fusion import FUSIONS
from sensorium.models.network import Network, NetworkConfig
from sensorium.models.onnx_network import OnnxNetwork
from sensorium.training.data import Rows
from tests.compression.conftest import SIZE, WORDS, arrays, sentences

ROWS, TOKENS = 48, {"note": 1, "sound": 3}
NOTHING = {(fusion, "int8-int4-tables") for fusion in FUSIONS} | {
    (fusion, "int8-weights-int4-tables") for fusion in FUSIONS
}  # they have no tables
BREAKS = {("attention", "int8-static")}  # no range of eight bits holds the infinity that hides a missing input


class Attentive(nn.Module):
    """Word vectors through attention, which reads weights of layers that it never calls."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(WORDS, SIZE)
        layer = nn.TransformerEncoderLayer(SIZE, 4, 64, 0.0, batch_first=True)
        self.layers = nn.TransformerEncoder(layer, 4, enable_nested_tensor=False)

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        return self.layers(self.table(input_ids), src_key_padding_mask=attention_mask == 0).mean(1, keepdim=True)


def model(fusion: str, layers: int = 1) -> tuple[Network, Rows]:
    """A fusion of two inputs, each missing in some rows, and rows to teach on."""
    torch.manual_seed(0)
    targets = {"label": ["no", "yes"], "size": ["s", "m", "l"]}
    network = Network(NetworkConfig({"note": SIZE, "sound": 24}, targets, fusion, 64, layers, 0.1)).eval()
    items = torch.arange(ROWS)
    rows = Rows(
        {"note": torch.randn(ROWS, 1, SIZE), "sound": torch.randn(ROWS, 3, 24)},
        {"note": torch.where(items % 5 == 0, -1, items), "sound": torch.where(items % 5 == 1, -1, items)},
        {"label": items % 2, "size": items % 3},
    )
    return network.requires_grad_(False), rows


def logits(network: TorchFusion | OnnxNetwork, batches: list[Arrays]) -> np.ndarray:
    return np.concatenate([np.concatenate(list(network.outputs(batch).values()), axis=1) for batch in batches])


def lessons(batch: dict[str, Tensor], features: Tensor) -> DistillationSet:
    """A lesson for every row."""
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


def zeros(path: Path) -> list[float]:
    """Of every matrix of an ONNX file, the share of zeros."""
    tensors = [onnx.numpy_helper.to_array(tensor) for tensor in onnx.load(path).graph.initializer]
    return [float((one == 0).mean()) for one in tensors if one.ndim > 1 and one.dtype == np.float32]


@pytest.mark.parametrize("kind", FUSION_SHRINKS)
@pytest.mark.parametrize("fusion", FUSIONS)
def test_every_fusion_has_every_student(fusion: str, kind: str, tmp_path: Path) -> None:
    network, rows = model(fusion)
    batches = fusion_batches(rows, ROWS)
    wanted = logits(TorchFusion(network), batches)
    student = FUSION_SHRINKS[kind](network, 0.5)
    share = used(student) / used(network)
    before = similarity(logits(TorchFusion(student.eval()), batches), wanted)
    distil_network(student, network, rows, 20)
    answers = logits(TorchFusion(student), batches)
    assert similarity(answers, wanted) > before
    assert used(student) / used(network) == share <= 0.5
    export_network(student, tmp_path / "student.onnx", TOKENS)
    assert difference(answers, logits(OnnxNetwork(tmp_path / "student.onnx"), batches)) < 1e-5
    assert difference(answers, logits(TorchFusion(student), batches)) < 1e-5  # to write it changed nothing in it


@pytest.mark.parametrize("fusion", FUSIONS)
def test_half_of_every_matrix_of_a_sparse_fusion_is_zero_once_it_has_learnt(fusion: str, tmp_path: Path) -> None:
    network, rows = model(fusion)
    student = FUSION_SHRINKS["sparse"](network, 0.5)
    distil_network(student, network, rows, 20)
    assert [float((weight == 0).float().mean()) for weight in products(student)] == [0.5] * len(products(student))
    export_network(student, tmp_path / "student.onnx", TOKENS)
    # Without zeros are a query and marks of inputs; of zeros alone, what absence does to a temperature not yet found.
    assert set(zeros(tmp_path / "student.onnx")) - {0.0, 1.0} == {0.5}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("fusion", FUSIONS)
def test_every_fusion_and_its_students_have_every_form(fusion: str, form: str, tmp_path: Path) -> None:
    network, rows = model(fusion)
    batches = fusion_batches(rows, ROWS)
    for name, one in {"fp32": network, **{kind: of(network, 0.5) for kind, of in FUSION_SHRINKS.items()}}.items():
        source, target = tmp_path / f"{name}.onnx", tmp_path / "form.onnx"
        export_network(one, source, TOKENS)
        if (fusion, form) in NOTHING:
            with pytest.raises(UserError, match="it changes nothing in this network"):
                make_form(form, source, target, batches)
            continue
        make_form(form, source, target, batches)
        alike = similarity(logits(OnnxNetwork(target), batches), logits(OnnxNetwork(source), batches))
        assert (alike > 0.97) == ((fusion, form) not in BREAKS)


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
    distil_encoder(student, lessons(batch, features), network, rows, 4)
    assert float((student(**batch) - features).square().mean()) < before
    assert used(student) / used(teacher) == share < 0.8
    axes = {name: {0: "batch", 1: "tokens"} for name in batch} | {"features": {0: "batch"}}
    export_onnx(student, tmp_path / "student.onnx", arrays(sentences(2)), ["features"], axes)
    written = OnnxNetwork(tmp_path / "student.onnx")(arrays(batch))
    assert difference(student(**batch).numpy(), written) < 1e-5
