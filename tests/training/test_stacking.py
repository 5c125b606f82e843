from dataclasses import replace

import numpy as np
import pandas as pd
import torch

from sensorium.models.network import NetworkConfig
from sensorium.targets import Number
from sensorium.training.data import Rows
from sensorium.training.fit import fit
from sensorium.training.folds import divisions
from sensorium.training.forward import predict
from sensorium.training.loop import TrainConfig
from sensorium.training.stacking import Divisions, linear, stack

HOW = TrainConfig(
    learning_rate=0.01, weight_decay=0.0, input_dropout=0.2, label_smoothing=0.0, batch_size=32, epochs=10, patience=10,
    seed=0,
)  # fmt: skip
CONFIG = NetworkConfig({"a": 60, "b": 2}, {"line": ["no", "yes"], "corner": ["no", "yes"]}, "concat", 16, 1, 0.0)


def rows(count: int, seed: int) -> Rows:
    """``line`` is a sum of many numbers, so that regression tells it best; ``corner`` is where two signs are alike."""
    random = torch.Generator().manual_seed(seed)
    a, b = torch.randn(count, 1, 60, generator=random), torch.randn(count, 1, 2, generator=random)
    labels = {"line": (a.sum((1, 2)) > 0).long(), "corner": (b.prod(2)[:, 0] > 0).long()}
    items = torch.arange(count)
    return Rows({"a": a, "b": b}, {"a": items, "b": items}, labels, items)


def test_each_target_is_answered_by_what_tells_it_best() -> None:
    train, validation, test = rows(150, 0), rows(120, 1), rows(400, 2)
    divided = Divisions([(train, validation)])
    stacked = divided.fit(CONFIG, HOW)
    assert stacked.shares["line"] < 0.5 <= stacked.shares["corner"]
    network = stacked.fitted_to(CONFIG, HOW, train, validation).network
    both, alone = predict(network, test), predict(fit(CONFIG, HOW, train, validation).network, test)
    by_regression = predict(linear(CONFIG, HOW, train, validation), test)

    def right(outputs: dict[str, torch.Tensor], target: str) -> float:
        return (outputs[target].argmax(1) == test.labels[target]).float().mean().item()

    assert right(both, "line") >= right(by_regression, "line") - 0.01 > right(alone, "line")
    assert right(both, "corner") >= right(alone, "corner") - 0.01 > 0.7
    assert right(by_regression, "corner") < 0.6


def test_a_stack_says_the_mean_with_any_inputs_and_of_all_or_nothing_what_one_says() -> None:
    train = rows(40, 0)
    one, other = fit(CONFIG, HOW, train, train).network, linear(CONFIG, HOW, train, train)
    stacked = stack(one, other, {"line": 0.25, "corner": 1.0})
    assert stacked.config.linear_width == 4
    assert [stacked.config.linear_share(name) for name in ("line", "corner")] == [0.75, 0.0]
    assert [each.config.linear_share("line") for each in (one, other)] == [0.0, 1.0]
    for absent in ({"a"}, {"b"}, set[str]()):
        seen = train.without(absent)
        found, first, second = (predict(network, seen) for network in (stacked, one, other))
        torch.testing.assert_close(found["line"], 0.25 * first["line"] + 0.75 * second["line"])
        torch.testing.assert_close(found["corner"], first["corner"])
    assert stack(one, other, {"line": 1.0, "corner": 1.0}) is one
    assert stack(one, other, {"line": 0.0, "corner": 0.0}) is other


def test_few_rows_are_all_judged_by_networks_that_did_not_see_them() -> None:
    train, validation = rows(40, 0), rows(20, 1)
    validation = replace(validation, groups=torch.arange(40, 60))
    stacked = Divisions(divisions(train, validation, CONFIG.learnt)).fit(CONFIG, HOW)
    judged = torch.cat([judging.groups for _, judging in stacked.judged])
    assert sorted(judged.tolist()) == list(range(60))
    kept = stacked.fitted_to(CONFIG, HOW, train, validation).network
    assert all(kept is not network for network, _ in stacked.judged)


def test_a_number_is_stacked_by_any_rows_and_a_class_by_few() -> None:
    train, validation = (
        replace(one, labels=one.labels | {"sum": one.features["a"].sum((1, 2)).double()})
        for one in (rows(150, 0), rows(301, 1))
    )
    number = Number().learn(pd.Series(train.labels["sum"].numpy()), np.full(150, True))
    config = replace(CONFIG, targets=CONFIG.targets | {"sum": number.state})
    shares = Divisions([(train, validation)]).fit(config, HOW).shares
    assert shares["sum"] < 0.5
    assert (shares["line"], shares["corner"]) == (1.0, 1.0)
    assert Divisions([(train, validation)]).fit(CONFIG, HOW).shares == {}
