from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from sensorium.compression.export import export_network
from sensorium.errors import UserError
from sensorium.models import network as networks
from sensorium.models.fusion import FUSIONS
from sensorium.models.network import Network, NetworkConfig, Projection
from sensorium.models.onnx_network import OnnxNetwork


def config(kind: str = "concat") -> NetworkConfig:
    # Names that torch's own dictionaries of modules refuse.
    return NetworkConfig({"type": 3, "keys": 5}, {"train": ["x", "y"], "half": ["a", "b", "c"]}, kind, 8, 1, 0.1)


def test_a_projection_standardises_and_keeps_a_constants_scale() -> None:
    projection = Projection(2, torch.nn.Identity())
    projection.fit(torch.tensor([[[1.0, 7.0]], [[3.0, 7.0]]]))
    assert projection.mean.tolist() == [2.0, 7.0]
    assert projection.deviation.tolist() == [1.0, 1.0]


@pytest.mark.parametrize("kind", FUSIONS)
def test_with_others_beside_it_saved_loaded_and_exported_it_answers_the_same(kind: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    beside = {other: 8 for other in ("linear", "kernel", "trees") if other != kind}
    network = Network(replace(config(kind), beside=beside)).eval()
    network.temperatures, network.absence = torch.tensor([0.5, 3.0]), torch.tensor([[0.1, -0.4], [0.0, 0.7]])
    networks.save(network, tmp_path)
    assert {path.suffix for path in tmp_path.iterdir()} == {".safetensors", ".json"}
    features = {"type": torch.randn(7, 1, 3), "keys": torch.randn(7, 1, 5)}
    masks = {"type": torch.ones(7, 1), "keys": (torch.arange(7) % 2).float()[:, None]}
    with torch.inference_mode():
        logits = networks.load(tmp_path)(features, masks)
    assert {name: tuple(values.shape) for name, values in logits.items()} == {"train": (7, 2), "half": (7, 3)}
    export_network(network, tmp_path / "fusion.onnx", {"type": 1, "keys": 1})
    batch = {f"features.{name}": array.numpy() for name, array in features.items()}
    batch |= {f"mask.{name}": array.numpy() for name, array in masks.items()}
    exported = OnnxNetwork(tmp_path / "fusion.onnx").outputs(batch)
    for name, values in logits.items():
        np.testing.assert_allclose(exported[f"logits.{name}"], values.numpy(), atol=1e-5)


def test_a_missing_input_changes_the_temperature() -> None:
    network = Network(config())
    network.temperatures, network.absence = torch.tensor([0.5, 3.0]), torch.log(torch.tensor([[2.0, 1.0], [1.0, 4.0]]))
    found = network.divisors({"type": torch.tensor([1.0, 0.0, 0.0]), "keys": torch.tensor([1.0, 1.0, 0.0])})
    assert found.tolist() == [pytest.approx(row) for row in ([0.5, 3.0], [1.0, 3.0], [1.0, 12.0])]


def test_a_network_of_a_version_without_temperatures_by_input_is_read(tmp_path: Path) -> None:
    networks.save(Network(config()), tmp_path)
    state = load_file(tmp_path / "network.safetensors")
    del state["absence"]
    save_file(state, tmp_path / "network.safetensors")
    assert networks.load(tmp_path).absence.tolist() == [[0, 0], [0, 0]]


@pytest.mark.parametrize(
    ("file", "content"), [("network.safetensors", b"x"), ("network.json", b"{"), ("network.json", None)]
)
def test_files_that_are_broken_get_a_sentence(file: str, content: bytes | None, tmp_path: Path) -> None:
    networks.save(Network(config()), tmp_path)
    if content is None:
        (tmp_path / file).unlink()
    else:
        (tmp_path / file).write_bytes(content)
    with pytest.raises(UserError, match=r"cannot be read \(.*\); run `sensorium train` again"):
        networks.load(tmp_path)
