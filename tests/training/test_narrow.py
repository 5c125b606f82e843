import pytest
import torch

from sensorium.models.network import Network, NetworkConfig
from sensorium.training.data import Rows
from sensorium.training.forward import predict
from sensorium.training.loop import standardise
from sensorium.training.narrow import axes_of, narrow
from sensorium.training.noise import Dropout, TurnedDropout
from sensorium.training.weights import Weights

RANDOM = torch.Generator().manual_seed(0)


def rows() -> Rows:
    """Twelve items of 40 numbers, and as many of 3, of which some rows lack one."""
    features = {"wide": torch.randn(12, 2, 40, generator=RANDOM), "slim": torch.randn(12, 1, 3, generator=RANDOM)}
    features["wide"] = features["wide"][:, :1] * torch.tensor([1.0, 2.0])[:, None]
    items = {"wide": torch.arange(30) % 13 - 1, "slim": torch.arange(30) % 12}
    return Rows(features, items, {"sign": torch.arange(30) % 2})


def test_a_narrowed_network_is_the_whole_one() -> None:
    train = rows()
    network = Network(NetworkConfig({"wide": 40, "slim": 3}, {"sign": ["-", "+"]}, "attention", 16, 2, 0.5)).eval()
    standardise(network, train)
    wanted = predict(network, train)["sign"].clone()
    narrowed = narrow(network, train)
    assert [projection[1].weight.shape[1] for projection in narrowed.network.projections] == [12, 3]
    assert torch.allclose(predict(narrowed.network, narrowed.read(train))["sign"], wanted, atol=1e-4)
    assert torch.allclose(predict(narrowed.widened().eval(), train)["sign"], wanted, atol=1e-4)


def test_axes_hold_what_varies_whether_items_or_numbers_are_more() -> None:
    low = torch.randn(500, 4, generator=RANDOM) @ torch.randn(4, 30, generator=RANDOM)
    for features in (low, low[:20]):
        axes = axes_of(features)
        assert axes is not None and axes.shape == (30, 4)
        assert torch.allclose(features @ axes @ axes.T, features, atol=1e-3)
    assert axes_of(torch.randn(500, 30, generator=RANDOM)) is None
    assert axes_of(torch.zeros(0, 30)) is None


def test_turned_dropout_has_the_mean_and_the_variance_of_dropout() -> None:
    values = torch.full((4000, 8), 2.0)
    noise = TurnedDropout(0.5, 16).train()(values) - values
    assert abs(noise.mean().item()) < 0.03
    assert abs(noise.var().item() - 2.0) < 0.05  # 8 squares of 2 over 16 numbers, times .5 / .5
    assert torch.equal(TurnedDropout(0.5, 16).eval()(values), values)


def test_dropout_from_bytes_drops_the_share_and_keeps_the_mean() -> None:
    dropped = Dropout(0.6).train()(torch.ones(4000, 8))
    assert sorted(dropped.unique().tolist()) == [0.0, pytest.approx(256 / 102)]
    assert abs(dropped.mean().item() - 1) < 0.03
    assert torch.equal(Dropout(0.6).eval()(torch.ones(3)), torch.ones(3))


def test_weights_are_one_vector_that_the_network_shares() -> None:
    network = torch.nn.Linear(2, 1, bias=False)
    weights = Weights(network)
    for values in ([1.0, 1.0], [51.0, 101.0]):
        weights.take(torch.tensor(values))
        weights.average()
    with weights.averaged():
        assert torch.allclose(network.weight, torch.tensor([[2.0, 3.0]]))  # a fiftieth of the way
    assert network.weight.tolist() == [[51.0, 101.0]]
    network(torch.tensor([3.0, 4.0])).backward()
    weights.shorten()
    assert torch.allclose(weights.gradient, torch.tensor([0.6, 0.8]))
