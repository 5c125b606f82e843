import numpy as np
import torch

from sensorium.evaluation.names import subsets
from sensorium.evaluation.subsets import predict_subsets
from sensorium.models.network import Network, NetworkConfig
from sensorium.training.data import Rows
from sensorium.training.forward import predict


def test_a_subset_has_the_inputs_whose_bit_is_set() -> None:
    assert subsets(["a", "b"]) == [(), ("a",), ("b",), ("a", "b")]
    assert subsets(["a"]) == [(), ("a",)]
    assert len(subsets([str(n) for n in range(10)])) == 1024


def test_of_many_inputs_each_missing_and_each_alone_are_asked() -> None:
    names = [str(number) for number in range(11)]
    kept_inputs = subsets(names)
    assert len(kept_inputs) == 1 + 11 + 11 + 1
    assert kept_inputs[0] == ()
    assert kept_inputs[-1] == tuple(names)
    assert ("3",) in kept_inputs
    assert tuple(name for name in names if name != "3") in kept_inputs


def test_answers_are_those_of_rows_without_the_other_inputs() -> None:
    torch.manual_seed(0)
    network = Network(NetworkConfig({"a": 3, "b": 4}, {"t": ["x", "y", "z"]}, "attention", 8, 1, 0.0)).eval()
    items = {"a": torch.tensor([0, 1, 2, -1]), "b": torch.tensor([0, -1, 1, 1])}
    rows = Rows({"a": torch.randn(3, 1, 3), "b": torch.randn(2, 2, 4)}, items, {"t": torch.zeros(4, dtype=int)})
    prior = {"t": np.array([0.5, 0.3, 0.2], np.float32)}
    found = predict_subsets(network, rows, prior)
    whole = predict(network, rows)["t"].softmax(1).numpy()
    only_a = predict(network, rows.without({"b"}))["t"].softmax(1).numpy()
    said = whole.argmax(1)
    brief = found.brief["t"]
    assert (brief[found.place(("a", "b"))][:, 0] == said).all()
    assert brief[found.place(("a",))][:3, 0].tolist() == only_a.argmax(1)[:3].tolist()
    assert found.covered.tolist() == [[False] * 4, [True, True, True, False], [True, False, True, True], [True] * 4]
    np.testing.assert_allclose(found.worth["t"][3], whole.max(1), rtol=1e-5)
    np.testing.assert_allclose(found.worth["t"][1][:3], only_a[range(3), said[:3]], rtol=1e-5)
    assert found.worth["t"][1][3] == prior["t"][said[3]]
    assert (found.worth["t"][0] == prior["t"][said]).all()
