import torch
from torch.utils._python_dispatch import TorchDispatchMode

from sensorium.models.network import NetworkConfig
from sensorium.targets import LearntClass
from sensorium.training.data import Rows
from sensorium.training.fit import fit
from sensorium.training.forward import predict
from sensorium.training.loop import TrainConfig, drop_inputs
from sensorium.training.losses import joint_loss

HOW = TrainConfig(
    learning_rate=0.01, weight_decay=0.0, input_dropout=0.3, label_smoothing=0.0, batch_size=16, epochs=30,
    patience=30, seed=0,
)  # fmt: skip


def rows(count: int, seed: int) -> Rows:
    """``sign`` can be read from either input, ``size`` from the second only."""
    random = torch.Generator().manual_seed(seed)
    one, two = torch.randn(count, 1, 1, generator=random), torch.rand(count, 1, 1, generator=random) + 0.5
    sign, size = (one > 0).long().flatten(), (two > 1).long().flatten()
    two = two * (2 * sign[:, None, None] - 1)
    items = torch.arange(count)
    return Rows({"one": one, "two": two}, {"one": items, "two": items}, {"sign": sign, "size": size})


def config(kind: str) -> NetworkConfig:
    return NetworkConfig({"one": 1, "two": 1}, {"sign": ["-", "+"], "size": ["small", "large"]}, kind, 16, 1, 0.0)


def accuracy(fitted: object, test: Rows, target: str) -> float:
    return (predict(fitted.network, test)[target].argmax(1) == test.labels[target]).float().mean().item()


def test_it_learns_from_any_subset_and_says_nothing_where_nothing_is_known() -> None:
    for kind in ("concat", "attention"):
        fitted, test = fit(config(kind), HOW, rows(400, 0), rows(100, 1)), rows(200, 2)
        assert accuracy(fitted, test, "sign") > 0.95
        assert accuracy(fitted, test.without({"two"}), "sign") > 0.9
        assert accuracy(fitted, test.without({"one"}), "size") > 0.85
        assert accuracy(fitted, test.without({"two"}), "size") < 0.65


def test_the_same_seed_gives_the_same_network_to_the_bit() -> None:
    one, other = (fit(config("attention"), HOW, rows(100, 0), rows(50, 1)) for _ in range(2))
    assert one.curve == other.curve
    assert all(torch.equal(a, b) for a, b in zip(one.network.parameters(), other.network.parameters(), strict=True))


def test_numbers_too_small_for_full_precision_are_numbers_again_afterwards() -> None:
    fit(config("concat"), HOW, rows(20, 0), rows(20, 1))
    assert 1e-310 / HOW.batch_size > 0


def test_it_stops_early_and_keeps_the_best_epoch() -> None:
    hopeless = rows(60, 0)
    hopeless.labels["sign"] = torch.randint(0, 2, (60,), generator=torch.Generator().manual_seed(3))
    impatient = TrainConfig(**(HOW.__dict__ | {"patience": 2, "epochs": 200}))
    fitted = fit(config("concat"), impatient, hopeless, rows(60, 1))
    assert len(fitted.curve) < 200
    assert fitted.best_loss == min(epoch["validation"] for epoch in fitted.curve)


def test_few_rows_are_learnt_from_in_as_many_steps_as_they_need() -> None:
    how = TrainConfig(**(HOW.__dict__ | {"batch_size": 128, "patience": 1, "epochs": 20}))
    assert [how.batch(count) for count in (1, 5, 120, 1_000, 1_024, 2_923)] == [1, 1, 15, 125, 128, 128]
    contrary = rows(60, 1)
    for labels in contrary.labels.values():
        labels[:] = 1 - labels
    fitted = fit(config("concat"), how, rows(120, 0), contrary)
    assert len(fitted.curve) == 13  # of 8 steps each: patience waits for a hundred


def test_the_last_input_of_a_row_is_never_dropped() -> None:
    masks = {"a": torch.ones(500, 1), "b": torch.cat([torch.ones(250, 1), torch.zeros(250, 1)])}
    dropped = drop_inputs(masks, torch.rand(500, 2, generator=torch.Generator().manual_seed(0)) >= 0.9)
    assert (dropped["a"] + dropped["b"]).min() == 1
    assert dropped["b"][250:].sum() == 0
    assert dropped["a"][:250].sum() < 250


class Waits(TorchDispatchMode):
    """Counts how often a number is asked for, on a GPU a wait for all that was begun before.

    The places of rows that keep an input are asked for by a CPU alone.
    """

    count = 0

    def __torch_dispatch__(
        self, function: object, types: object, args: tuple = (), kwargs: dict | None = None
    ) -> object:
        self.count += function is torch.ops.aten._local_scalar_dense.default
        return function(*args, **(kwargs or {}))


def test_an_epoch_waits_for_the_device_as_often_however_many_steps_it_has() -> None:
    waits = []
    for batch_size in (4, 40):
        how = TrainConfig(**(HOW.__dict__ | {"batch_size": batch_size, "epochs": 3}))
        with Waits() as counted:
            fit(config("attention"), how, rows(320, 0), rows(50, 1))
        waits.append(counted.count)
    assert waits[0] == waits[1] < 3 * 20


def test_unknown_labels_do_not_count() -> None:
    logits = {"y": torch.tensor([[2.0, 0.0], [0.0, 5.0]]), "z": torch.zeros(2, 3)}
    targets = {name: LearntClass(tuple("abc"[:count])) for name, count in (("y", 2), ("z", 3))}
    known = joint_loss(targets, logits, {"y": torch.tensor([0, -1]), "z": torch.tensor([-1, -1])})
    torch.testing.assert_close(known, torch.log(torch.tensor(1 + torch.e**-2)))
    assert joint_loss(targets, logits, {"y": torch.tensor([-1, -1]), "z": torch.tensor([-1, -1])}).item() == 0
