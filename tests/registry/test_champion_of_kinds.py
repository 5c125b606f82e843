"""A number and tags beside a champion that is really there: the verdict is in the figures of their kinds."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from sensorium import paths
from sensorium.cached import made_once
from sensorium.dataset.items import digest, write_shard
from sensorium.dataset.predictions import write_predictions
from sensorium.evaluation.gates import Rule, RuleResult, check_rules
from sensorium.evaluation.verdict import words
from sensorium.modalities import Tabular
from sensorium.models.network import Network, NetworkConfig
from sensorium.registry.champion_comparison import ChampionComparison
from sensorium.targets import LearntMultilabel, LearntNumber
from sensorium.targets.number.scale import Scale
from tests import model

FACTS = Tabular(numbers=["a"])
ROWS = 80
VALUES = np.linspace(-1, 1, ROWS)
PRICE = LearntNumber(Scale("identity", [], 0.0, 1.0, -9.0, 9.0), median=0.0, unit=1.0)
TAGS = LearntMultilabel(("high", "low"), (0.5, 0.5), (0.5, 0.5))


class OffBy(Network):
    """Says a price that is too high by as much, and tags of the number that it takes it for."""

    def __init__(self, config: NetworkConfig, error: float) -> None:
        super().__init__(config)
        self.error = error

    def forward(self, features: dict[str, torch.Tensor], masks: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        found = (features["facts"][:, 0, 0] + self.error) * masks["facts"][:, 0]
        return {"price": torch.stack([found] * 3, dim=1), "tags": torch.stack([9 * found, -9 * found], dim=1)}


def predictions(error: float) -> dict[str, np.ndarray]:
    """What it would predict of all rows."""
    found = VALUES + error
    tags = TAGS.predict(np.stack([9 * found, -9 * found], axis=1))
    return {"price": PRICE.predict(np.stack([found] * 3, axis=1)), "tags": tags}


@pytest.fixture
def comparison(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ChampionComparison:
    """A champion that is off by 1, and a new model that is off by 0.5."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SENSORIUM_CACHE", str(tmp_path / "cache"))
    packed = [FACTS.pack({"a": value}) for value in VALUES]
    (paths.PREPARED / "facts").mkdir(parents=True)
    write_shard(paths.PREPARED / "facts", 0, {digest(one): one for one in packed}, {})
    tags = [json.dumps(["high" if value > 0 else "low"]) for value in VALUES]
    table = pd.DataFrame(
        {"id": [f"r{n}" for n in range(ROWS)], "group": range(ROWS), "split": "test", "price": VALUES, "tags": tags}
        | {"facts": [digest(one) for one in packed]}
    )
    table.to_parquet(paths.PREPARED / "rows.parquet")
    champion, values = paths.cache() / "champions/abc", {"facts": {"a": 1.0}}
    config = NetworkConfig({"facts": 2}, {"price": PRICE.state, "tags": TAGS.state}, "concat", 4, 1, 0.0)
    model.write(model.read({"facts": FACTS}, values), values, OffBy(config, 1.0).eval(), champion)
    made_once(champion.with_name("abc.rows") / "rows.parquet", table[["id", "split"]].to_parquet)
    paths.CHAMPION.parent.mkdir()
    paths.CHAMPION.write_text(json.dumps({"version": "v1.0.0", "commit": "0" * 40, "model_version": "abc"}))
    targets = {"price": PRICE, "tags": TAGS}
    write_predictions(tmp_path / "new.parquet", table, predictions(0.5), targets)
    return ChampionComparison("new", targets, pd.read_parquet(tmp_path / "new.parquet"), {"facts": FACTS}, 200)


def judged(comparison: ChampionComparison, address: str, margin: float = 0.0) -> RuleResult:
    rule = Rule(metric=address, champion={"margin": margin, "confidence": 0.9})
    return check_rules([rule], {}, comparison.compare)[0]


def test_less_of_an_error_is_a_gain(comparison: ChampionComparison) -> None:
    better = judged(comparison, "evaluate.price.mae")
    assert (better.value, better.bound) == (pytest.approx(0.5), pytest.approx(1.0))
    assert (better.sense, better.passed, better.low) == ("<=", True, pytest.approx(0.5))
    assert words(better) == (
        "evaluate.price.mae 0.5 beside the champion's 1 gains +0.5000 at the least, and may lose 0"
    )
    better = judged(comparison, "evaluate.price.r2")
    assert (better.sense, better.passed) == (">=", True)
    assert better.low and better.low > 0.4


def test_tags_are_held_against_the_champions_by_their_own_figures(comparison: ChampionComparison) -> None:
    better = judged(comparison, "evaluate.tags.micro_f1")
    both = 82 / 161  # half of the rows, and one, which it takes for 0, has both tags
    assert (better.value, better.bound, better.sense, better.passed) == (0.75, both, ">=", True)
    assert better.low and 0.1 < better.low < 0.25
    shown = comparison.overview(0.95)
    assert shown["tags"]["samples_f1"]["new"] == 0.75
    assert shown["price"]["mae"]["champion"] == pytest.approx(1.0)


def test_a_worse_model_of_tags_and_numbers_is_stopped(comparison: ChampionComparison) -> None:
    table = pd.read_parquet(paths.PREPARED / "rows.parquet")
    targets = {"price": PRICE, "tags": TAGS}
    write_predictions(Path("worse.parquet"), table, predictions(1.5), targets)
    worse = ChampionComparison("worse", targets, pd.read_parquet("worse.parquet"), {"facts": FACTS}, 200)
    assert not judged(worse, "evaluate.price.mae", margin=0.4).passed
    assert judged(worse, "evaluate.price.mae", margin=0.6).passed
    assert not judged(worse, "evaluate.tags.samples_f1", margin=0.01).passed
