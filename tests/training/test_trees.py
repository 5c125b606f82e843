import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.tree import DecisionTreeRegressor

from sensorium.models.fusion.trees import DEPTH, NODES, TREES, reached
from sensorium.models.network import Network, NetworkConfig
from sensorium.targets import Learnt, Number
from sensorium.training.data import Rows
from sensorium.training.fit import fit
from sensorium.training.forward import predict
from sensorium.training.loop import TrainConfig
from sensorium.training.trees import complete

HOW = TrainConfig(
    learning_rate=0.01, weight_decay=0.0, input_dropout=0.0, label_smoothing=0.0, batch_size=32, epochs=1, patience=1,
    seed=0,
)  # fmt: skip


def rows(count: int, seed: int) -> Rows:
    """``price`` and ``sort`` change in steps of the numbers of ``facts``; ``text``, of many numbers, says nothing."""
    random = torch.Generator().manual_seed(seed)
    facts, text = torch.rand(count, 1, 4, generator=random), torch.randn(count, 1, 200, generator=random)
    steps = (facts[:, 0, :3] > 0.5).double()
    labels = {
        "price": 10 * steps[:, 0] + 3 * steps[:, 1] * steps[:, 2],
        "sort": ((facts[:, 0, 3] - 0.5).abs() < 0.25).long(),
    }
    return Rows({"facts": facts, "text": text}, dict.fromkeys(("facts", "text"), torch.arange(count)), labels)


def grown(train: Rows, kind: str = "trees") -> Network:
    price: Learnt = Number().learn(pd.Series(train.labels["price"].numpy()), np.full(len(train), True))
    config = NetworkConfig(train.dims, {"price": price.state, "sort": ["out", "in"]}, kind, 4, 1, 0.0)
    return fit(config, HOW, train, train).network


@pytest.fixture(scope="module")
def network() -> Network:
    return grown(rows(400, 0))


def error(network: Network, seen: Rows) -> float:
    found = network.targets["price"].predict(predict(network, seen)["price"].numpy())[:, 0]
    return float(np.abs(found - seen.labels["price"].numpy()).mean())


def right(network: Network, seen: Rows) -> float:
    return (predict(network, seen)["sort"].argmax(1) == seen.labels["sort"]).float().mean().item()


def test_steps_are_told_of_a_number_and_of_a_class(network: Network) -> None:
    test, line = rows(400, 1), grown(rows(400, 0), "linear")
    assert error(network, test) < 0.5 < 1.0 < error(line, test)
    assert right(network, test) > 0.9 > 0.6 > right(line, test)


def test_rows_that_lack_an_input_are_answered_by_the_rest(network: Network) -> None:
    test = rows(400, 1)
    assert error(network, test.without({"text"})) < 0.7
    assert right(network, test.without({"text"})) > 0.9
    told = predict(network, test.without({"facts", "text"}))
    assert all(torch.equal(one, one[:1].expand_as(one)) for one in told.values())


def test_the_same_rows_give_the_same(network: Network) -> None:
    again = grown(rows(400, 0)).state_dict()
    assert all(torch.equal(one, again[name]) for name, one in network.state_dict().items())


def test_rows_without_labels_and_inputs_that_nobody_has_are_borne() -> None:
    train = rows(40, 0)
    train.items["text"] = torch.full((40,), -1)
    train.labels["price"][:30] = np.nan
    assert all(torch.isfinite(found).all() for found in predict(grown(train), train).values())


@pytest.mark.parametrize("count", [1, 2, 5])
def test_a_row_or_two_are_enough(count: int) -> None:
    train = rows(40, 0)
    train.labels["price"][count:] = np.nan
    assert all(torch.isfinite(found).all() for found in predict(grown(train), train).values())


def test_what_rounding_changes_shows_in_no_answer(network: Network) -> None:
    test = rows(400, 1)
    threshold = network.fusion.thresholds[network.fusion.questions == 0][0]  # of the first number of facts
    projection = network.projections[0]
    test.features["facts"][:, 0, 0] = threshold * projection.deviation[0] + projection.mean[0]
    before = predict(network, test)
    test.features["facts"][:, 0, 0] += 1e-6
    for name, found in predict(network, test).items():
        assert (found - before[name]).abs().max() < 1e-3 * before[name].abs().max()


def test_a_tree_with_early_leaves_and_missing_numbers_is_the_one_that_was_grown() -> None:
    random = np.random.default_rng(0)
    numbers = random.normal(size=(300, 3)).astype(np.float32)
    numbers[random.random(numbers.shape) < 0.3] = np.nan
    wanted = np.where(
        numbers[:, 0] > 0, 5.0, np.where(np.nan_to_num(numbers[:, 1]) > 0, np.nan_to_num(numbers[:, 2]), 0)
    )
    tree = DecisionTreeRegressor(max_depth=DEPTH, min_samples_leaf=20, random_state=0).fit(numbers, wanted)
    assert tree.get_n_leaves() < 2**DEPTH
    values = torch.from_numpy(tree.tree_.value[:, :, 0])
    questions, thresholds, unknown, leaves = complete(tree.tree_, np.arange(3), values)
    asked = torch.from_numpy(numbers)[:, questions]
    above = torch.where(asked.isnan(), unknown, (asked > thresholds).float())
    found = reached(above[:, None].expand(-1, TREES, NODES))[:, 0].double() @ leaves
    np.testing.assert_allclose(found[:, 0].numpy(), tree.predict(numbers))
