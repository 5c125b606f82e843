from dataclasses import replace
from pathlib import Path

import pytest
import torch

from sensorium.models.network import NetworkConfig
from sensorium.training import solved as module
from sensorium.training.data import Rows
from sensorium.training.fit import fit
from sensorium.training.loop import TrainConfig
from sensorium.training.solved import solved

HOW = TrainConfig(
    learning_rate=0.01, weight_decay=0.0, input_dropout=0.0, label_smoothing=0.0, batch_size=32, epochs=1, patience=1,
    seed=0,
)  # fmt: skip
CONFIG = NetworkConfig({"a": 3}, {"sign": ["-", "+"]}, "linear", 16, 2, 0.5)


@pytest.fixture
def train() -> Rows:
    a = torch.randn(60, 1, 3, generator=torch.Generator().manual_seed(0))
    return Rows({"a": a}, {"a": torch.arange(60)}, {"sign": (a[:, 0, 0] > 0).long()})


@pytest.fixture
def fits(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """The kinds of networks that were solved, in a cache that is empty before."""
    found: list[str] = []

    def counted(config: NetworkConfig, how: TrainConfig, *rows: Rows) -> object:
        found.append(config.kind)
        return fit(config, how, *rows)

    monkeypatch.setattr(module, "fit", counted)
    monkeypatch.setenv("SENSORIUM_CACHE", str(tmp_path))
    return found


def test_the_same_rows_are_solved_once_whatever_changes_nothing(train: Rows, fits: list[str]) -> None:
    first = solved(CONFIG, HOW, train, train)
    again = solved(replace(CONFIG, width=8, dropout=0.1), HOW, train, train.select(torch.arange(30)))
    assert fits == ["linear"]
    wanted = fit(CONFIG, HOW, train, train)
    for found in (first, again):
        assert found.network.config == wanted.network.config
        for name, weights in wanted.network.state_dict().items():
            assert torch.equal(found.network.state_dict()[name], weights)
    assert first.curve == wanted.curve != again.curve


def test_what_has_a_part_in_it_makes_another(train: Rows, fits: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    solved(CONFIG, HOW, train, train)
    other = replace(train, labels={"sign": 1 - train.labels["sign"]})
    solved(CONFIG, HOW, other, train)
    solved(CONFIG, HOW, replace(train, items={"a": train.items["a"].flip(0)}), train)
    solved(CONFIG, HOW, replace(train, groups=torch.arange(60) // 2), train)
    solved(replace(CONFIG, kind="kernel"), HOW, train, train)
    monkeypatch.setattr(module, "_code", lambda: "changed")
    solved(CONFIG, HOW, train, train)
    assert fits == ["linear", "linear", "linear", "linear", "kernel", "linear"]


def test_a_file_that_is_not_as_it_was_written_is_made_again(train: Rows, fits: list[str], tmp_path: Path) -> None:
    first = solved(CONFIG, HOW, train, train)
    (kept,) = tmp_path.rglob("network.safetensors")
    kept.write_bytes(kept.read_bytes()[:-8] + bytes(8))
    assert solved(CONFIG, HOW, train, train).best_loss == first.best_loss
    assert len(fits) == 2
