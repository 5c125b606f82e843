"""The new model against a champion that is really there, on a table of numbers."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.special import softmax

from sensorium import paths
from sensorium.cached import made_once
from sensorium.dataset.items import digest, write_shard
from sensorium.dataset.predictions import write_predictions
from sensorium.evaluation.gates import Rule
from sensorium.evaluation.lookup import Unmeasured
from sensorium.modalities import Tabular, Text
from sensorium.models.network import Network, NetworkConfig
from sensorium.registry.champion_comparison import ChampionComparison
from sensorium.targets import LearntClass, Number
from tests import model

FACTS = Tabular(numbers=["a"])
ROWS = 80
VALUES = np.linspace(-2, 2, ROWS)
LABELS = np.where(VALUES > 0, "yes", "no")


class Threshold(Network):
    """Says `yes` by as much as the number is above a bound."""

    def __init__(self, config: NetworkConfig, bound: float) -> None:
        super().__init__(config)
        self.bound = bound

    def forward(self, features: dict[str, torch.Tensor], masks: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        above = 5 * (features["facts"][:, 0, 0] - self.bound) * masks["facts"][:, 0]
        return {"t": torch.stack([torch.zeros_like(above), above], dim=1)}


Setup = Callable[..., ChampionComparison]


@pytest.fixture
def comparison(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Setup:
    """Sets up a champion that decides at one bound and a new model that decides at another."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SENSORIUM_CACHE", str(tmp_path / "cache"))
    packed = [FACTS.pack({"a": value}) for value in VALUES]
    (paths.PREPARED / "facts").mkdir(parents=True)
    write_shard(paths.PREPARED / "facts", 0, {digest(one): one for one in packed}, {})
    table = pd.DataFrame(
        {"id": [f"r{n}" for n in range(ROWS)], "group": range(ROWS), "t": LABELS, "split": "test"}
        | {"facts": [digest(one) for one in packed]}
    )
    table.to_parquet(paths.PREPARED / "rows.parquet")

    def make(
        new: float,
        old: float,
        seen: int = 0,
        inputs: Any = None,
        classes: Any = ("no", "yes"),
        version: str = "new",
        known: Any = ("no", "yes"),
    ) -> ChampionComparison:
        champions = paths.cache() / "champions"
        shutil.rmtree(champions, ignore_errors=True)
        values = {"facts": {"a": 1.0}}
        network = Threshold(NetworkConfig({"facts": 2}, {"t": list(known)}, "concat", 4, 1, 0.0), old).eval()
        written = model.write(model.read({"facts": FACTS}, values), values, network, champions / "abc")
        shutil.rmtree(written.with_name("abc-parts"))
        rows = pd.DataFrame({"id": table["id"], "split": ["train"] * seen + ["test"] * (ROWS - seen)})
        made_once(champions / "abc.rows/rows.parquet", rows.to_parquet)
        paths.CHAMPION.parent.mkdir(exist_ok=True)
        paths.CHAMPION.write_text(json.dumps({"version": "v1.0.0", "commit": "0" * 40, "model_version": "abc"}))
        targets = {"t": LearntClass(tuple(classes))}
        logits = np.full((ROWS, len(classes)), -9.0)
        logits[:, list(classes).index("no")] = 0
        logits[:, list(classes).index("yes")] = 5 * (VALUES - new)
        write_predictions(tmp_path / "new.parquet", table, {"t": softmax(logits, axis=1)}, targets)
        predictions = pd.read_parquet(tmp_path / "new.parquet")
        return ChampionComparison(version, targets, predictions, inputs or {"facts": FACTS}, 200)

    return make


def rule(figure: str = "accuracy", target: str = "t") -> Rule:
    return Rule(metric=f"evaluate.{target}.{figure}", champion={"confidence": 0.9})


def test_a_better_model_gains_and_a_worse_one_loses(comparison: Setup) -> None:
    better = comparison(new=0.0, old=1.0).compare(rule())
    assert (better.challenger, better.champion) == (1.0, 0.75)
    assert better.low > 0.1
    worse = comparison(new=1.0, old=0.0).compare(rule("log_loss"))
    assert worse.challenger > worse.champion
    assert worse.low < -0.1


def test_the_same_model_gains_nothing(comparison: Setup) -> None:
    same = comparison(new=0.5, old=0.5)
    assert same.compare(rule()).low == 0
    shown = same.overview(0.95)["t"]
    assert shown["rows"] == ROWS
    assert shown["accuracy"]["gain"] == [0, 0]


def test_the_champion_itself_is_not_asked_again(comparison: Setup) -> None:
    itself = comparison(new=0.5, old=0.5, seen=39, version="abc")
    shutil.rmtree(paths.cache() / "champions/abc")  # it could not answer
    found = itself.compare(rule())
    assert (found.challenger, found.champion, found.low) == (31 / 41, 31 / 41, 0)
    assert itself.overview(0.95)["t"]["rows"] == 41


def test_rows_that_the_champion_was_fitted_to_do_not_count(comparison: Setup) -> None:
    found = comparison(new=0.0, old=1.0, seen=39).compare(rule())
    assert found.champion == 21 / 41  # without the easy ones below zero


def test_a_class_that_the_champion_does_not_know(comparison: Setup) -> None:
    found = comparison(new=0.0, old=0.0, classes=["maybe", "no", "yes"]).compare(rule())
    assert (found.challenger, found.champion) == (1.0, 1.0)


@pytest.mark.parametrize(
    ("setup", "asked", "reason"),
    [
        ({"seen": 60}, rule(), "only 20 labelled test rows, in 20 groups, are new to the champion v1.0.0 too"),
        ({"seen": 80}, rule(), "the champion v1.0.0 was fitted to all test rows; at least 30 in 10 groups"),
        ({}, rule(target="u"), "the champion v1.0.0 does not predict u"),
        ({}, rule("rows"), "'rows' is no figure that two models can be compared by"),
        ({"inputs": {"facts": Text()}}, rule(), r"the champion v1.0.0 reads facts \(tabular\), which these rows lack"),
        ({"inputs": {"note": Text()}}, rule(), r"the champion v1.0.0 reads facts \(tabular\), which these rows lack"),
    ],
)
def test_what_cannot_be_compared_says_why(comparison: Setup, setup: dict[str, Any], asked: Rule, reason: str) -> None:
    with pytest.raises(Unmeasured, match=reason):
        comparison(new=0.0, old=0.0, **setup).compare(asked)


def test_a_champion_whose_target_was_of_another_kind_says_what_lets_the_new_one_through(
    comparison: Setup, tmp_path: Path
) -> None:
    comparison(new=0.0, old=0.0)
    number = Number().learn(pd.Series(VALUES), np.ones(ROWS, bool))
    said = {"t": np.stack([VALUES, VALUES - 1, VALUES + 1], axis=1)}
    write_predictions(tmp_path / "new.parquet", pd.read_parquet(paths.PREPARED / "rows.parquet"), said, {"t": number})
    made = ChampionComparison("new", {"t": number}, pd.read_parquet(tmp_path / "new.parquet"), {"facts": FACTS}, 200)
    with pytest.raises(Unmeasured) as found:
        made.compare(rule("mae"))
    assert str(found.value) == (
        "the champion v1.0.0 predicts t as another kind of target; `if_missing: pass` in this rule lets the first "
        "model of the new kind through"
    )


def test_a_champion_whose_files_were_changed_is_not_asked(comparison: Setup) -> None:
    made = comparison(new=0.0, old=0.0)
    (paths.cache() / "champions/abc/fusion.onnx").write_bytes(b"other")
    assert "is neither in DVC's cache nor in a remote" in made.overview(0.95)["reason"]


def test_without_a_champion_there_is_nothing_to_compare(comparison: Setup) -> None:
    comparison(new=0.0, old=0.0)
    paths.CHAMPION.write_text('{"version": null}')
    alone = ChampionComparison("new", {}, pd.DataFrame(), {}, 100)
    assert alone.version is None
    with pytest.raises(Unmeasured, match="there is no champion yet; `sensorium promote` makes one"):
        alone.compare(rule())


def test_classes_that_an_earlier_version_spelled_otherwise_are_the_same(comparison: Setup) -> None:
    made = comparison(new=0.0, old=0.0, known=("no ", " yes"))
    assert made.compare(rule()) == comparison(new=0.0, old=0.0).compare(rule())
    assert made.compare(rule()).champion == 1.0


def test_rows_of_one_class_tell_no_models_apart(comparison: Setup) -> None:
    with pytest.raises(Unmeasured, match="^one label in 40 rows that are new to the champion v1.0.0 too cannot tell"):
        comparison(new=0.0, old=1.0, seen=40).compare(rule())
