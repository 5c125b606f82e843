from pathlib import Path

import pandas as pd
import pytest

from sensorium.dataset import served
from sensorium.dataset.items import digest, write_shard
from sensorium.dataset.served import read_served_rows
from sensorium.modalities import Tabular

FACTS = Tabular(numbers=["a"])


@pytest.fixture
def table(tmp_path: Path) -> pd.DataFrame:
    """Six rows of four values in two shards, and one row without."""
    (tmp_path / "facts").mkdir()
    packed = [FACTS.pack({"a": float(number)}) for number in range(4)]
    for number in range(2):
        write_shard(tmp_path / "facts", number, {digest(one): one for one in packed[2 * number :][:2]}, {})
    return pd.DataFrame({"facts": [None if row is None else digest(packed[row]) for row in (3, 0, None, 1, 2, 0)]})


@pytest.mark.parametrize("held", [4, 3])
def test_values_are_the_same_whether_they_are_held_or_read_anew(
    table: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, held: int
) -> None:
    monkeypatch.setattr(served, "HELD", held)
    rows = read_served_rows(table, {"facts": FACTS}, tmp_path)
    assert isinstance(rows.values["facts"], list) == (held == 4)
    assert list(rows.values["facts"]) == [{"a": 0.0}, {"a": 1.0}, {"a": 2.0}, {"a": 3.0}]
    assert rows.values["facts"][1:3] == [{"a": 1.0}, {"a": 2.0}]
    assert rows.items["facts"].tolist() == [3, 0, -1, 1, 2, 0]
    assert rows.sample(0) == {"facts": {"a": 3.0}}
    assert rows.fullest(2) == [{"facts": {"a": 3.0}}, {"facts": {"a": 0.0}}]


def test_reading_values_in_turn_opens_each_shard_once(
    table: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(served, "HELD", 0)
    values = read_served_rows(table, {"facts": FACTS}, tmp_path).values["facts"]
    assert values[0:2] == [{"a": 0.0}, {"a": 1.0}]
    (tmp_path / "facts" / "part-00000.parquet").unlink()
    assert values[0] == {"a": 0.0}  # of the last shard, which is still held
    assert values[2:4] == [{"a": 2.0}, {"a": 3.0}]
    with pytest.raises(FileNotFoundError):
        values[0]
