"""Every rule of the shipped gate has something that it alone stops: a model or data damaged so, through real stages."""

import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest
import torch
import yaml

from sensorium import paths
from sensorium.cached import made_once
from sensorium.compression import bench, latency, served
from sensorium.evaluation.slices import FEWEST_ROWS
from sensorium.models import network as networks
from sensorium.models.fusion.linear import LinearFusion, patterns
from sensorium.models.network import Network
from sensorium.runtime import artefact
from sensorium.stages import compress, embed, evaluate, gate, ingest, prepare, search, train, validate
from tests.conftest import REPOSITORY, Project

pytestmark = pytest.mark.slow

SHIPPED = yaml.safe_load((REPOSITORY / "params.yaml").read_text())["gate"]
INPUTS = {
    "text": {"kind": "tabular", "numbers": ["t1", "t2"]},
    "image": {"kind": "tabular", "numbers": ["i1", "i2", "i3"]},
    "speech": {"kind": "tabular", "numbers": ["s1", "s2"]},
}
CATEGORIES, LANGUAGES = ["animals", "food", "people"], ["es", "fr", "ru"]
ROWS = 1600


def called(rule: dict[str, Any]) -> str:
    """A rule without its numbers."""
    sense = next(name for name in ("min", "max", "champion") if name in rule)
    return f"{rule['metric']} {sense}" + (f" {rule[sense]}" if isinstance(rule[sense], str) else "")


def table() -> pd.DataFrame:
    """Numbers that tell a category and a language, some better than others."""
    random = np.random.default_rng(0)
    category = random.choice(3, ROWS, p=[0.4, 0.3, 0.3])
    language = random.choice(3, ROWS, p=[0.45, 0.45, 0.1])

    def told(by: np.ndarray, noise: float) -> np.ndarray:
        return by - 1 + noise * random.normal(size=ROWS)

    numbers = {
        "t1": told(category, 0.4),
        "t2": told(language, 0.42),
        "i1": told(category, 0.35),
        "i2": random.normal(size=ROWS),
        "i3": random.normal(size=ROWS),
        "s1": told(category, 0.53),
        "s2": told(language, 0.2),
    }
    return pd.DataFrame(numbers).assign(
        category=np.array(CATEGORIES)[category],
        language=np.array(LANGUAGES)[language],
        shop=random.choice(["here", "there", "at the station"], ROWS, p=[0.475, 0.475, 0.05]),
    )


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that passes the shipped gate beside a champion, which is the model itself."""
    root = tmp_path_factory.mktemp("world")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        patch.setenv("SENSORIUM_CACHE", str(root / "cache"))
        patch.setattr(bench.cold_start, "measure", lambda *_: (1.0, 1))
        project = Project(root)
        project.params |= {
            "inputs": INPUTS,
            "targets": {"category": {"kind": "class"}, "language": {"kind": "class"}},
            "split": {"train": 0.6, "val": 0.1, "test": 0.3, "group": []},
            "fusion": {"kind": "linear"},
            "search": {"trials": 1},
            "evaluation": {"bootstrap": 100, "robustness_rows": 200},
            "compress": {"forms": ["optimised"]},
            "gate": SHIPPED,
        }
        project.write(table().to_dict("records"))
        for stage in (ingest, validate, prepare):
            stage.run()
        for name in INPUTS:
            embed.run(name)
        for stage in (search, train, evaluate, compress):
            stage.run()
        crown()
        gate.run()
    return root


def crown() -> None:
    """Makes the model that was compressed the champion."""
    version = artefact.read(paths.COMPRESSED)["version"]
    folder = paths.promoted(version, "")
    shutil.copytree(paths.COMPRESSED, folder)
    rows = pd.read_parquet(paths.PREPARED / "rows.parquet", columns=["id", "split"])
    made_once(folder.with_name(f"{version}.rows") / "rows.parquet", rows.to_parquet)
    paths.CHAMPION.write_text(json.dumps({"version": "v1.0.0", "commit": "0" * 40, "model_version": version}))


Change, Damage = Callable[[Network], None], Callable[[], None]


def nothing(target: str, given: set[str]) -> Change:
    """Has the model, where it is given these inputs, give one answer always."""
    return reads(target, given, given, times=0)


def reads(target: str, given: set[str], used: set[str], times: float = 1.0) -> Change:
    """Has the model, where it is given some inputs, answer a target as where it is given only some of these."""

    def change(network: Network) -> None:
        inputs, fusion = list(network.config.inputs), cast(LinearFusion, network.fusion)
        listed = [{inputs[place] for place in chosen} for chosen in patterns(len(inputs))]
        to, source = listed.index(given), listed.index(used)
        classes = list(network.config.targets)
        part = slice(3 * classes.index(target), 3 * classes.index(target) + 3)
        present = {name: torch.tensor([float(name in given), float(name in used)]) for name in inputs}
        divisors = network.divisors(present)[:, classes.index(target)]
        scale = times * divisors[0] / divisors[1]
        fusion.biases[to, part] = scale * fusion.biases[source, part]
        for place, name in enumerate(inputs):
            of_patterns = network.projections[place].map.weight.unflatten(0, (-1, fusion.biases.shape[1]))
            if name in given:
                known = fusion.holding[place]
                weights = of_patterns[known.index(source), part] if name in used else torch.zeros(())
                of_patterns[known.index(to), part] = scale * weights

    return change


def model(change: Change, *stages: Any) -> Damage:
    """Damages the trained model before these stages read it."""

    def damage() -> None:
        network = networks.load(paths.TRAINED)
        with torch.no_grad():
            change(network)
        networks.save(network, paths.TRAINED)
        for stage in stages:
            stage.run()

    return damage


def rows(change: Callable[[pd.DataFrame], pd.DataFrame]) -> Damage:
    """Damages the test rows before the model is measured on them."""

    def damage() -> None:
        path = paths.PREPARED / "rows.parquet"
        table = pd.read_parquet(path)
        test = table["split"] == "test"
        pd.concat([table[~test], change(table[test].copy())]).to_parquet(path)
        evaluate.run()

    return damage


def wrong(column: str, value: str, share: float) -> Callable[[pd.DataFrame], pd.DataFrame]:
    """A wrong category in a share of the rows that have a value."""

    def change(test: pd.DataFrame) -> pd.DataFrame:
        chosen = test.index[test[column] == value]
        assert len(chosen) >= FEWEST_ROWS
        chosen = chosen[: round(share * len(chosen))]
        test.loc[chosen, "category"] = test.loc[chosen, "category"].map(
            dict(zip(CATEGORIES, CATEGORIES[1:] + CATEGORIES[:1], strict=True))
        )
        return test

    return change


def nearly_all_of_one_class(test: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([test[test["category"] == "animals"], test[test["category"] == "people"][:1]])


def served_as_bad() -> None:
    """A model that is worse once served, beside a champion that is as bad."""
    model(reads("category", ALL, {"speech"}), compress)()
    crown()


def large() -> None:
    """Something heavy gets into the folder that is served."""

    def heavy(*given: Any) -> Any:
        said = write_model_files(*given)
        with (given[-1] / "heavy").open("wb") as file:
            file.truncate(121_000_000)
        return said

    write_model_files = served.write_model_files
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(served, "write_model_files", heavy)
        compress.run()


def slow() -> None:
    """A machine that takes a thousand times as long."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(latency, "time", SimpleNamespace(perf_counter=lambda: 1000 * time.perf_counter()))
        compress.run()


ALL = set(INPUTS)
KILLERS: dict[str, Damage] = {
    "evaluate.category.accuracy min": model(reads("category", ALL, {"speech"}), evaluate),
    "evaluate.category.accuracy min evaluate.category.majority.accuracy": rows(nearly_all_of_one_class),
    "evaluate.category.accuracy champion": model(reads("category", ALL, {"text"}), compress),
    "evaluate.category.without.image.accuracy min": model(nothing("category", ALL - {"image"}), evaluate),
    "evaluate.category.without.text.accuracy min": model(nothing("category", ALL - {"text"}), evaluate),
    "evaluate.category.without.speech.accuracy min": model(nothing("category", ALL - {"speech"}), evaluate),
    "slices.*.*.*.accuracy min": rows(wrong("column.shop", "at the station", 1.0)),
    "slices.category.language.*.accuracy min": rows(wrong("language", "ru", 0.45)),
    "robustness.category.image.*.mild.accuracy min": model(reads("category", ALL, {"image"}), evaluate),
    "evaluate.category.calibration_error max": model(reads("category", ALL, ALL, times=0.15), evaluate),
    "evaluate.language.accuracy min": model(reads("language", ALL, {"text"}), evaluate),
    "evaluate.language.accuracy champion": model(reads("language", ALL, {"text"}), compress),
    "compress.accuracy.category min": served_as_bad,
    "compress.megabytes max": large,
    "timings.compress.p95_ms max": slow,
}


def failed() -> list[str]:
    """The rules that the real gate finds broken."""
    gate.run()
    judged = zip(SHIPPED, json.loads(paths.VERDICT.read_text())["rules"], strict=True)
    return [called(rule) for rule, found in judged if not found["passed"]]


def test_a_sound_model_passes_every_rule_beside_a_champion(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(world)
    monkeypatch.setenv("SENSORIUM_CACHE", str(world / "cache"))
    assert failed() == []
    assert [rule["name"] for rule in json.loads(paths.VERDICT.read_text())["rules"] if "reason" in rule] == []


@pytest.mark.parametrize("rule", map(called, SHIPPED))
def test_a_rule_of_the_shipped_gate_alone_stops_what_it_is_for(
    rule: str, world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(world, tmp_path / "damaged")
    monkeypatch.chdir(tmp_path / "damaged")
    monkeypatch.setenv("SENSORIUM_CACHE", str(tmp_path / "damaged/cache"))
    monkeypatch.setattr(bench.cold_start, "measure", lambda *_: (1.0, 1))
    KILLERS[rule]()
    assert failed() == [rule]
