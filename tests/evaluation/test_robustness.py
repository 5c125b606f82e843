from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from sensorium.dataset import embedding
from sensorium.dataset.items import digest, write_shard
from sensorium.evaluation.occlusion import occlude
from sensorium.evaluation.robustness import Change, changes, predict_corrupted, sample
from sensorium.modalities import Image, Tabular, Text
from sensorium.models.network import Network, NetworkConfig
from sensorium.training.data import Rows

FACTS = Tabular(numbers=["a", "b"])


def test_every_corruption_of_every_input_in_three_strengths() -> None:
    found = changes({"note": Text(), "photo": Image()})
    assert len(found) == 3 * (2 + 5)
    assert found[0].address == ("note", "typos", "mild")
    assert found[-1].address == ("photo", "darkness", "severe")


def test_a_sample_is_some_of_the_rows_in_their_order() -> None:
    assert sample(4, 10).tolist() == [0, 1, 2, 3]
    few = sample(1000, 50)
    assert len(set(few)) == 50
    assert (np.diff(few) > 0).all()
    assert (sample(1000, 50) == few).all()
    assert sample(10, 0).tolist() == []


class Sum(Network):
    """Says `yes` by as much as the known columns of its input sum to, and by nothing without it."""

    def project(self, features: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        return dict(features)

    def answer(self, tokens: dict[str, torch.Tensor], masks: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        total = tokens["facts"][:, 0, ::2].sum(1) * masks["facts"][:, 0]
        return {"t": torch.stack([torch.zeros_like(total), total], dim=1)}


@pytest.fixture
def network() -> Network:
    return Sum(NetworkConfig({"facts": 4, "other": 2}, {"t": ["no", "yes"]}, "concat", 4, 1, 0.0)).eval()


def test_what_hiding_a_part_takes_from_the_probability(network: Network) -> None:
    found = occlude(network, {"facts": FACTS, "other": FACTS}, {"facts": {"a": 2.0, "b": -1.0}}, "t")
    before = 1 / (1 + np.exp(-1))
    assert found.keys() == {"facts"}
    assert dict(found["facts"]) == pytest.approx(
        {"a": before - 1 / (1 + np.exp(1)), "b": before - 1 / (1 + np.exp(-2))}, abs=1e-6
    )


def test_rows_are_predicted_with_the_damaged_input_and_the_others_as_they_are(
    network: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SENSORIUM_CACHE", str(tmp_path / "cache"))
    packed = [FACTS.pack({"a": 5.0, "b": -1.0}), FACTS.pack({"a": -5.0, "b": 1.0})]
    items = {digest(one): one for one in packed}
    (tmp_path / "facts").mkdir()
    write_shard(tmp_path / "facts", 0, items, {})
    one, other = items
    table = pd.DataFrame({"facts": [one, other, None, one], "other": [None] * 4}, dtype="str")
    clean = torch.tensor([[[5.0, 1, -1, 1]], [[-5.0, 1, 1, 1]]])
    rows = Rows(
        {"facts": clean, "other": torch.zeros(1, 1, 2)},
        {"facts": torch.tensor([0, 1, -1, 0]), "other": torch.full((4,), -1)},
        {"t": torch.tensor([1, 0, 1, 1])},
    )
    found = predict_corrupted(network, table, rows, {"facts": FACTS}, tmp_path)
    assert [change.address for change in found] == [("facts", "lost columns", s) for s in ("mild", "medium", "severe")]
    assert predict_corrupted(network, table[:0], rows, {"facts": FACTS}, tmp_path) == {}
    severe = found[Change("facts", "lost columns", 2)].brief["t"][:, 0]
    kept = {d: embedding.Job(FACTS, tmp_path, [d], "lost columns", 2).value(d, items[d]) for d in items}
    expected = [int(sum(kept[d].values()) > 0) for d in (one, other)]  # type: ignore[attr-defined]
    assert severe.tolist() == [*expected, 0, expected[0]]
