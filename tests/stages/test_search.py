import torch

from sensorium.models.network import NetworkConfig
from sensorium.stages.search import options
from sensorium.targets import Class, Multilabel
from sensorium.training.data import Rows
from sensorium.training.fit import fit
from sensorium.training.folds import divisions
from sensorium.training.loop import TrainConfig
from sensorium.training.stacking import Divisions

HOW = TrainConfig(
    learning_rate=0.01, weight_decay=0.0, input_dropout=0.0, label_smoothing=0.4, batch_size=128, epochs=10, patience=9,
    seed=0,
)  # fmt: skip


def rows(count: int, seed: int) -> Rows:
    labels = torch.arange(count) % 2
    features = 4.0 * labels[:, None, None] + torch.randn(count, 1, 2, generator=torch.Generator().manual_seed(seed))
    return Rows({"a": features}, {"a": torch.arange(count)}, {"y": labels})


def test_kinds_are_compared_by_their_loss_at_the_temperature_that_is_served() -> None:
    config = NetworkConfig({"a": 2}, {"y": ["no", "yes"]}, "concat", 8, 1, 0.0)
    train, validation, y = rows(80, 0), rows(100, 1), config.learnt
    raw = fit(config, HOW, train, validation).best_loss
    assert raw > 0.25  # labels so smooth make it unsure of what it knows
    assert Divisions([(train, validation)]).fit(config, HOW).loss < raw / 2
    assert Divisions(divisions(train, rows(20, 1), y)).fit(config, HOW).loss < raw / 2  # of all hundred rows, by folds


def test_trials_count_only_for_targets_that_are_learnt_in_the_same_way() -> None:
    targets = {"a": Class(column="other"), "b": Class(balance=1.0, focal=2.0), "c": Multilabel(weight=2.0, min_rows=3)}
    assert options(targets) == {"a": {}, "b": {"balance": 1.0, "focal": 2.0}, "c": {"weight": 2.0, "min_rows": 3}}
