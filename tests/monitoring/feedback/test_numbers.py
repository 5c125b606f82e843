"""Numbers and classes that people told a service, all the way to the rows that a retrain learns from."""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import torch

from sensorium import params, paths
from sensorium.modalities import Tabular
from sensorium.monitoring.feedback import collected
from sensorium.monitoring.feedback.labels import read_feedback
from sensorium.monitoring.feedback.selection import Selection, select
from sensorium.runtime import settings
from sensorium.sources.feedback import read_collected
from sensorium.stages import ingest, prepare, validate
from sensorium.targets import Number
from tests import model
from tests.conftest import Project
from tests.serving.conftest import serving

LOG = Path("data/served")
LABELS = [number * 0.5 for number in range(20)]


@pytest.fixture
def asked(project: Project) -> Project:
    """A table with a price and a class, and a model of both, which is asked ten times."""
    project.params |= {
        "data": {"source": "manifest", "path": "mine/table.parquet"},
        "inputs": {"facts": {"kind": "tabular", "numbers": ["a"]}},
        "targets": {"price": {"kind": "number", "column": "price, all in"}, "sort": {"column": "sort of it"}},
        "split": {"seed": 0, "group": []},
    }
    project.write()
    rows = {"a": range(20), "price, all in": LABELS, "sort of it": ["007", "1"] * 10, "items": [None, *range(1, 20)]}
    pd.DataFrame(rows).astype({"items": "Int64"}).to_parquet("mine/table.parquet")
    torch.manual_seed(0)
    readers = model.read({"facts": Tabular(numbers=["a"])}, {"facts": {"a": 1.0}})
    price: Any = Number().learn(pd.Series(LABELS), np.ones(len(LABELS), bool)).state
    network = model.small_network(readers, {"price": price, "sort": ["007", "1"]})
    folder = model.write(readers, {"facts": {"a": 1.0}}, network, project.root / "model")
    settings.write(folder, settings.Settings(keep=settings.Keep(keep_content=True)))
    with serving(folder, LOG) as client:
        for number in range(10):
            sample = {"facts": {"a": 100 + number}}
            client.post("/predict", json=sample, headers={"X-Request-ID": f"r{number}"}).raise_for_status()
    return project


def tell(folder: Path, *labels: tuple[str, dict[str, Any]]) -> list[int]:
    """The answers of a service to labels of requests."""
    with serving(folder, LOG) as client:
        told = [client.post("/feedback", json={"request_id": name, "labels": said}) for name, said in labels]
        return [one.status_code for one in told]


def selected(earlier: pd.DataFrame | None = None) -> Selection:
    known = read_collected() if earlier is None else earlier
    return select(read_feedback(LOG, [], datetime.now(UTC)), LOG, known, [], params.load().targets)


def raw() -> dict[str, tuple[Any, Any]]:
    """The price and the class of rows of feedback by the ``a`` that was asked about, as `ingest` wrote them."""
    ingest.run()
    table = pq.read_table(paths.RAW / "manifest.parquet").to_pylist()
    return {f"r{row['a'] - 100:g}": (row["price, all in"], row["sort of it"]) for row in table[20:]}


def test_numbers_that_people_told_are_rows_with_their_value(asked: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    prices = [12, 12.5, "0.1", 2**53 + 1, "1e5", 0.1 + 0.2, -3, "\u0661\u0662"]
    folder = asked.root / "model"
    labels: Any = [(f"r{number}", {"price": label}) for number, label in enumerate(prices)]
    labels += [("r8", {"price": 7, "sort": "007"}), ("r9", {"sort": 1}), ("r1", {"price": "13.25"})]  # the last counts
    assert tell(folder, *labels) == [202] * 11
    none: Any = [("r0", {"price": "a dozen"}), ("r2", {"price": [1]}), ("r3", {"sort": None}), ("r4", {"price": None})]
    assert tell(folder, *none) == [400] * 4
    collected.collect(selected(), "one")
    rows = raw()
    assert rows == {
        "r0": ("12", None), "r1": ("13.25", None), "r2": ("0.1", None), "r3": ("9007199254740993", None),
        "r4": ("100000", None), "r5": ("0.30000000000000004", None), "r6": ("-3", None), "r7": ("12", None),
        "r8": ("7", "007"), "r9": (None, "1"),
    }  # fmt: skip
    for stage in (validate, prepare):
        stage.run()
    prepared = pd.read_parquet(paths.PREPARED / "rows.parquet")
    assert prepared["price"][:20].tolist() == LABELS
    told = prepared["price"][20:].dropna()
    assert sorted(told) == [-3, 0.1, 0.1 + 0.2, 7, 12, 12, 13.25, 1e5, 2.0**53]
    assert sorted(prepared["sort"][20:].dropna()) == ["007", "1"]
    assert prepared["column.items"][1:3].tolist() == [1, 2]

    tell(folder, ("r8", {"price": 7.0}), ("r6", {"price": "-4"}))  # the one says the same
    again = selected()
    assert [[label.value for label in labels] for labels in again.corrected.values()] == [["-4"]]
    assert not again.new
    collected.collect(again, "two")
    assert raw() == rows | {"r6": ("-4", None)}

    monkeypatch.setitem(asked.params, "targets", asked.params["targets"] | {"sort": {"kind": "number"}})
    asked.write()  # which was a class when they told it
    reasons = Counter(selected(read_collected()[:0]).rejected["reason"])
    assert reasons == {
        "sort cannot be so: '007' begins with a zero, as codes do: write 7 for 007; if these are names of classes, "
        "write `kind: class`": 1
    }  # fmt: skip
