from dataclasses import replace

import torch

from sensorium.models.network import NetworkConfig
from sensorium.training.data import Rows
from sensorium.training.fit import fit
from sensorium.training.folds import divisions
from sensorium.training.forward import predict
from sensorium.training.loop import TrainConfig
from sensorium.training.stacking import Divisions, stack

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
    assert stacked.shares["line"]["linear"] > 0.5 > stacked.shares["corner"]["linear"]
    network = stacked.fitted_to(CONFIG, HOW, train, validation).network
    both, alone = predict(network, test), predict(fit(CONFIG, HOW, train, validation).network, test)
    by_regression = predict(fit(replace(CONFIG, kind="linear"), HOW, train, validation).network, test)

    def right(outputs: dict[str, torch.Tensor], target: str) -> float:
        return (outputs[target].argmax(1) == test.labels[target]).float().mean().item()

    assert right(both, "line") >= right(by_regression, "line") - 0.02 > right(alone, "line")
    assert right(both, "corner") >= right(alone, "corner") - 0.01 > 0.7
    assert right(by_regression, "corner") < 0.6


def test_a_stack_says_the_mean_with_any_inputs_and_of_all_or_nothing_what_one_says() -> None:
    train = rows(40, 0)
    kinds = ("concat", "linear", "kernel", "trees")
    one, two, three, four = (fit(replace(CONFIG, kind=kind), HOW, train, train).network for kind in kinds)
    shares = {
        "line": {"concat": 0.25, "linear": 0.5, "kernel": 0.125, "trees": 0.125},
        "corner": {"concat": 1.0, "linear": 0.0, "kernel": 0.0, "trees": 0.0},
    }
    stacked = stack([one, two, three, four], shares)
    assert stacked.config.beside == {"linear": 4, "kernel": 4, "trees": 4}
    assert (stacked.config.shares_of("line"), two.config.shares_of("line")) == (shares["line"], {"linear": 1.0})
    for absent in ({"a"}, {"b"}, set[str]()):
        seen = train.without(absent)
        found, first, second, third, last = (predict(each, seen) for each in (stacked, one, two, three, four))
        mean = 0.25 * first["line"] + 0.5 * second["line"] + 0.125 * (third["line"] + last["line"])
        torch.testing.assert_close(found["line"], mean)
        torch.testing.assert_close(found["corner"], first["corner"])
    for place, network in enumerate((one, two, three, four)):
        alone = {kind: float(number == place) for number, kind in enumerate(kinds)}
        assert stack([one, two, three, four], {"line": alone, "corner": alone}) is network


def test_few_rows_are_all_judged_by_networks_that_did_not_see_them() -> None:
    train, validation = rows(40, 0), rows(20, 1)
    validation = replace(validation, groups=torch.arange(40, 60))
    stacked = Divisions(divisions(train, validation, CONFIG.learnt)).fit(CONFIG, HOW)
    judged = torch.cat([judging.groups for _, judging in stacked.judged])
    assert sorted(judged.tolist()) == list(range(60))
    kept = stacked.fitted_to(CONFIG, HOW, train, validation).network
    assert all(kept is not network for network, _ in stacked.judged)


def test_what_is_solved_stands_alone() -> None:
    train, validation = rows(60, 0), rows(120, 1)
    for kind in ("linear", "kernel", "trees"):
        assert Divisions([(train, validation)]).fit(replace(CONFIG, kind=kind), HOW).shares == {}
