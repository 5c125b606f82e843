from dataclasses import replace

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from sensorium.models.network import Network, NetworkConfig
from sensorium.targets import LearntClass, LearntMultilabel
from sensorium.training.data import Rows
from sensorium.training.fit import fit
from sensorium.training.folds import divisions, fold_of_rows
from sensorium.training.forward import predict
from sensorium.training.loop import TrainConfig
from sensorium.training.regressions import Side, regress

Y = LearntClass(("a", "b", "c"))
HOW = TrainConfig(
    learning_rate=0.01, weight_decay=0.0, input_dropout=0.3, label_smoothing=0.0, batch_size=16, epochs=30,
    patience=30, seed=0,
)  # fmt: skip


def rows(count: int, seed: int, noise: int = 60) -> Rows:
    """Three classes that ``good`` tells apart, and ``weak`` in part; ``noise`` says nothing. Rows come in pairs."""
    random = torch.Generator().manual_seed(seed)
    labels = torch.arange(count) % 3
    one_hot = torch.eye(3)[labels][:, None]
    features = {
        "good": 3 * one_hot + torch.randn(count, 1, 3, generator=random),
        "weak": one_hot + torch.randn(count, 1, 3, generator=random),
        "noise": 5 * torch.randn(count, 1, noise, generator=random),
    }
    items = torch.arange(count)
    return Rows(features, dict.fromkeys(features, items), {"y": labels}, items // 2)


def config(inputs: list[str], dims: dict[str, int]) -> NetworkConfig:
    return NetworkConfig({name: dims[name] for name in inputs}, {"y": ["a", "b", "c"]}, "linear", 64, 1, 0.5)


DIMS = {"good": 3, "weak": 3, "noise": 60}


def right(network: Network, test: Rows) -> float:
    return (predict(network, test)["y"].argmax(1) == test.labels["y"]).float().mean().item()


def test_many_regressions_at_once_are_what_scikit_learn_finds_one_by_one() -> None:
    seen = rows(90, 0)
    side = Side(seen.features["weak"][:, 0], torch.arange(90), torch.ones(90))
    counts = torch.stack([torch.ones(90), (torch.arange(90) < 60).float()], dim=1)
    found = regress([side], Y, seen.labels["y"], counts, torch.tensor([1.0, 10.0]))
    for problem, (count, penalty) in enumerate([(90, 1.0), (60, 10.0)]):
        x, y = side.values[:count].numpy(), seen.labels["y"][:count].numpy()
        alone = LogisticRegression(C=1 / penalty, tol=1e-8).fit(x, y)
        np.testing.assert_allclose(found.weights[0][:, problem].T, alone.coef_, atol=0.02)


def test_tags_are_penalised_like_as_many_regressions_one_by_one() -> None:
    chance = np.random.default_rng(0)
    x = chance.normal(size=(150, 4)).astype(np.float32)
    tags = (x @ chance.normal(size=(4, 20)) + 2 * chance.normal(size=(150, 20)) > 2).astype(int)
    target = LearntMultilabel(tuple(f"tag {n:02}" for n in range(20)), tuple(tags.mean(0)), (0.5,) * 20)
    side = Side(torch.from_numpy(x), torch.arange(150), torch.ones(150))
    found = regress([side], target, torch.from_numpy(tags), torch.ones(150, 1), torch.tensor([10.0])).select(0)
    for tag in range(20):
        alone = LogisticRegression(C=0.1, max_iter=1000).fit(x, tags[:, tag])
        np.testing.assert_allclose(found.weights[0][:, tag], alone.coef_[0], atol=0.03)


def test_an_input_that_says_nothing_is_left_out() -> None:
    seen, test = rows(60, 0), rows(600, 1)
    both = fit(config(["good", "noise"], DIMS), HOW, only(seen, "good", "noise"), only(rows(18, 2), "good", "noise"))
    alone = fit(config(["good"], DIMS), HOW, only(seen, "good"), only(rows(18, 2), "good"))
    assert right(both.network, only(test, "good", "noise")) == right(alone.network, only(test, "good")) > 0.9
    weights = both.network.projections[1].map.weight.unflatten(0, (2, -1))
    assert weights[0].any()  # of noise alone
    assert not weights[1].any()  # of noise beside the good input


@pytest.mark.parametrize("inputs", [3, 6])
def test_each_input_answers_alone_and_with_the_others(inputs: int) -> None:
    names = ["good", "weak", "noise", "more", "other", "last"][:inputs]
    seen, kept, test = (widened(rows(count, seed), names) for count, seed in ((90, 0), (30, 1), (600, 2)))
    fitted = fit(config(names, {**DIMS, "more": 3, "other": 3, "last": 3}), HOW, seen, kept)
    assert fitted.best_loss == fitted.curve[0]["validation"]
    assert right(fitted.network, test) > 0.9
    assert right(fitted.network, test.without(set(names) - {"good"})) > 0.9
    assert right(fitted.network, test.without(set(names) - {"good", "weak"})) > 0.9
    assert 0.4 < right(fitted.network, test.without(set(names) - {"weak"})) < 0.8


def test_rows_that_lack_inputs_or_labels_are_learnt_from() -> None:
    seen, kept, test = rows(120, 0), rows(30, 1), rows(600, 2)
    seen.items["good"] = torch.where(torch.arange(120) % 4 == 0, -1, seen.items["good"])
    seen.labels["y"] = torch.where(torch.arange(120) % 5 == 0, -1, seen.labels["y"])
    kept.labels["y"][:] = -1
    fitted = fit(config(["good", "weak"], DIMS), HOW, only(seen, "good", "weak"), only(kept, "good", "weak"))
    assert right(fitted.network, only(test, "good", "weak")) > 0.9


def test_the_same_rows_give_the_same_network_and_settings_do_not_change_it() -> None:
    other = TrainConfig(**(HOW.__dict__ | {"learning_rate": 1.0, "seed": 7}))
    one, again = (
        fit(config(["weak"], DIMS), how, only(rows(60, 0), "weak"), only(rows(30, 1), "weak")) for how in (HOW, other)
    )
    assert all(torch.equal(a, b) for a, b in zip(one.network.parameters(), again.network.parameters(), strict=True))


def test_folds_keep_groups_together_and_spread_classes() -> None:
    seen = rows(90, 0)
    folds = fold_of_rows(seen, seen.labels["y"].numpy())
    assert (folds.view(-1, 2)[:, 0] == folds.view(-1, 2)[:, 1]).all()
    counts = torch.stack([torch.bincount(seen.labels["y"][folds == fold], minlength=3) for fold in range(5)])
    assert counts.min() >= 4
    one_group = replace(seen, groups=torch.zeros(90, dtype=torch.long))
    assert fold_of_rows(one_group, one_group.labels["y"].numpy()).unique().tolist() == [0, 1, 2, 3, 4]
    every_class_once = replace(seen, labels={"y": torch.arange(90)})
    assert fold_of_rows(every_class_once, np.arange(90)).unique().tolist() == [0, 1, 2, 3, 4]
    assert fold_of_rows(seen.select(torch.tensor([3])), np.array([0])).tolist() == [0]


def test_few_validation_rows_are_judged_by_cross_validation() -> None:
    few = divisions(rows(60, 0), rows(20, 1), {"y": Y})
    assert sorted(len(judging) for _, judging in few) == [16] * 5
    assert all(len(train) == 64 for train, _ in few)
    (many,) = divisions(rows(60, 0), rows(100, 1), {"y": Y})
    assert (len(many[0]), len(many[1])) == (60, 100)


def only(wide: Rows, *names: str) -> Rows:
    features = {name: wide.features[name] for name in names}
    return Rows(features, {name: wide.items[name] for name in names}, wide.labels, wide.groups)


def widened(narrow: Rows, names: list[str]) -> Rows:
    """With inputs of noise for the names that there are none of."""
    random = torch.Generator().manual_seed(9)
    more = {name: torch.randn(len(narrow), 1, 3, generator=random) for name in names if name not in narrow.features}
    items = {**narrow.items, **dict.fromkeys(more, torch.arange(len(narrow)))}
    return only(Rows({**narrow.features, **more}, items, narrow.labels, narrow.groups), *names)
