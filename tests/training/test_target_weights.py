"""Several targets in one model: none drowns another."""

import numpy as np
import pandas as pd
import pytest
import torch

from sensorium.models.network import NetworkConfig
from sensorium.targets import Class, Learnt, Number
from sensorium.training.data import Rows
from sensorium.training.forward import predict
from sensorium.training.loop import TrainConfig, descend
from sensorium.training.target_weights import WEIGHTINGS

HOW = TrainConfig(
    learning_rate=0.01, weight_decay=0.0, input_dropout=0.0, label_smoothing=0.0, batch_size=64, epochs=20, patience=20,
    seed=0,
)  # fmt: skip
CLASSES = 12


def table(count: int, seed: int) -> tuple[torch.Tensor, pd.DataFrame]:
    random = np.random.default_rng(seed)
    x = random.normal(size=(count, 6))
    price = 4e12 + 1e11 * (x[:, 0] - x[:, 1] + 0.1 * random.normal(size=count))
    kind = (x[:, 2:5] @ random.permutation(np.linspace(-2, 2, 3 * CLASSES)).reshape(3, CLASSES)).argmax(1)
    return torch.tensor(x, dtype=torch.float32)[:, None], pd.DataFrame({"price": price, "kind": kind.astype(str)})


def answered(weighting: str, names: list[str], heavy: dict[str, float]) -> dict[str, float]:
    """R2 and accuracy of a network of these targets, of rows that it did not see."""
    both = {"price": Number(weight=heavy.get("price", 1.0)), "kind": Class(weight=heavy.get("kind", 1.0))}
    x, cells = table(500, 0)
    seen = np.arange(500) < 300
    targets: dict[str, Learnt] = {name: both[name].learn(cells[name], seen) for name in names}
    items = torch.arange(500)
    labels = {name: torch.from_numpy(one.truth(cells[name])) for name, one in targets.items()}
    every = Rows({"x": x}, {"x": items}, labels, items)
    train, test = every.select(items[:300]), every.select(items[300:])
    config = NetworkConfig({"x": 6}, {name: one.state for name, one in targets.items()}, "concat", 32, 1, 0.0)
    network = descend(config, TrainConfig(**(vars(HOW) | {"target_weights": weighting})), train, test).network
    outputs, figure = predict(network, test), {"price": "r2", "kind": "accuracy"}
    return {
        name: one.judged(one.predict(outputs[name].numpy()), test.labels[name].numpy(), np.arange(200)).figures()[
            figure[name]
        ]
        for name, one in targets.items()
    }  # type: ignore[return-value]


@pytest.mark.parametrize("weighting", list(WEIGHTINGS))
def test_a_number_of_a_huge_scale_and_a_class_are_learnt_together_as_well_as_alone(weighting: str) -> None:
    together = answered(weighting, ["price", "kind"], {})
    for name in ("price", "kind"):
        assert together[name] > answered(weighting, [name], {})[name] - 0.07
    assert together["price"] > 0.8


def test_each_loss_counts_by_its_weight_or_by_that_divided_by_its_own_size() -> None:
    losses = torch.tensor([4.0, 0.25], requires_grad=True)
    for name, value, slopes in (("given", 2.125, (0.5, 0.5)), ("learnt", 1.0, (1 / 8, 2.0))):
        losses.grad = None
        joint = WEIGHTINGS[name](list(losses), [1.0, 1.0])
        joint.backward()
        assert joint.item() == pytest.approx(value, rel=0.03)
        assert losses.grad is not None
        assert losses.grad.tolist() == pytest.approx(slopes, rel=0.05)
    assert WEIGHTINGS["learnt"](list(losses), [3.0, 1.0]).item() == pytest.approx(
        2.0, rel=0.03
    )  # the fourth root of 16
    assert [joined([torch.tensor(0.7)], [5.0]).item() for joined in WEIGHTINGS.values()] == pytest.approx([0.7, 0.7])
