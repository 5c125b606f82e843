import numpy as np
import pandas as pd
import torch

from sensorium.models.network import NetworkConfig
from sensorium.targets import Learnt, Number
from sensorium.training.data import Rows
from sensorium.training.fit import fit
from sensorium.training.forward import predict
from sensorium.training.loop import TrainConfig

HOW = TrainConfig(
    learning_rate=0.01, weight_decay=0.0, input_dropout=0.0, label_smoothing=0.0, batch_size=32, epochs=1, patience=1,
    seed=0,
)  # fmt: skip


def rows(count: int, seed: int, inputs: int = 2) -> Rows:
    """``size`` is where two numbers of the first input meet, which no line tells; the others say nothing."""
    random = torch.Generator().manual_seed(seed)
    features = {f"i{place}": 2 * torch.rand(count, 1, 2 + 3 * place, generator=random) - 1 for place in range(inputs)}
    size = features["i0"].prod(2)[:, 0].double()
    labels = {"size": size, "sign": (size > 0).long()}
    return Rows(features, dict.fromkeys(features, torch.arange(count)), labels)


def config(train: Rows) -> NetworkConfig:
    size: Learnt = Number().learn(pd.Series(train.labels["size"].numpy()), np.full(len(train), True))
    return NetworkConfig(train.dims, {"size": size.state, "sign": ["-", "+"]}, "kernel", 4, 1, 0.0)


def test_it_tells_what_no_line_tells() -> None:
    train, validation, test = rows(400, 0), rows(60, 1), rows(400, 2)
    by_kernel, by_line = (
        fit(NetworkConfig(**(vars(config(train)) | {"kind": kind})), HOW, train, validation).network
        for kind in ("kernel", "linear")
    )

    def right(network: torch.nn.Module, seen: Rows) -> float:
        return (predict(network, seen)["sign"].argmax(1) == test.labels["sign"]).float().mean().item()

    def error(network: torch.nn.Module) -> float:
        found = by_kernel.targets["size"].predict(predict(network, test)["size"].numpy())[:, 0]
        return float(np.abs(found - test.labels["size"].numpy()).mean())

    assert right(by_kernel, test) > 0.9 > 0.6 > right(by_line, test)
    assert error(by_kernel) < error(by_line) / 2
    assert right(by_kernel, test.without({"i1"})) > 0.9
    assert 0.4 < right(by_kernel, test.without({"i0"})) < 0.6


def test_an_input_that_says_nothing_hardly_counts() -> None:
    train = rows(400, 0)
    scales = fit(config(train), HOW, train, train).network.fusion.scales
    assert scales[2, 1] < scales[2, 0] / 5  # of the pattern with both
    assert (scales[0, 1], scales[1, 0], scales[3].tolist()) == (0, 0, [0, 0])


def test_of_five_inputs_rows_that_lack_several_are_answered_too() -> None:
    train, test = rows(150, 0, inputs=5), rows(150, 1, inputs=5)
    network = fit(config(train), HOW, train, train).network
    seen = test.without({"i2", "i3"})
    assert (predict(network, seen)["sign"].argmax(1) == test.labels["sign"]).float().mean() > 0.75


def test_the_same_rows_give_the_same() -> None:
    train = rows(120, 0)
    one, other = (fit(config(train), HOW, train, train).network.state_dict() for _ in range(2))
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_rows_without_labels_and_inputs_that_nobody_has_are_borne() -> None:
    train = rows(40, 0)
    train.labels["size"][:] = np.nan
    train.items["i1"] = torch.full((40,), -1)
    network = fit(config(rows(40, 0)), HOW, train, train).network
    assert all(torch.isfinite(found).all() for found in predict(network, train).values())


def test_an_input_of_three_rows_that_none_judges_does_no_harm() -> None:
    train = rows(1_200, 0)
    train.items["i1"] = torch.where(torch.arange(1_200) % 500 == 0, train.items["i1"], -1)
    for kind in ("kernel", "linear"):
        network = fit(NetworkConfig(**(vars(config(train)) | {"kind": kind})), HOW, train, train).network
        assert all(torch.isfinite(found).all() for found in predict(network, train).values())


def test_an_input_that_is_always_the_same_changes_nothing_when_it_is_another() -> None:
    train = rows(120, 0)
    train.features["i1"][:] = 1.0
    network, seen = fit(config(train), HOW, train, train).network, rows(120, 0)
    assert torch.equal(predict(network, seen)["sign"], predict(network, train)["sign"])
