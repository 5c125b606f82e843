"""What a table says is kept from the file to the prepared rows, and equal values are one however it spells them."""

import json
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sensorium.dataset.columns import carried
from sensorium.dataset.rows import read_table
from sensorium.evaluation.slices import slices
from sensorium.files import read_json
from sensorium.modalities import Tabular
from sensorium.stages import ingest, prepare, validate
from tests.conftest import Project

STAGES = (ingest, validate, prepare)


def prepared(project: Project, name: str, inputs: dict[str, Any], **params: Any) -> pd.DataFrame:
    """The rows of a table that stands in ``mine`` already."""
    project.params |= {"data": {"source": "manifest", "path": f"mine/{name}"}, "inputs": inputs, **params}
    project.params["validation"] = {"min_class_rows": 3}
    project.write()
    for stage in STAGES:
        stage.run()
    return read_table()


@pytest.fixture
def mine(project: Project) -> Path:
    (project.root / "mine").mkdir()
    return project.root / "mine"


def test_no_stage_changes_a_value(project: Project, mine: Path) -> None:
    wide = [2**53 + number for number in range(39)]
    cells: dict[str, tuple[pa.DataType, Sequence[Any]]] = {
        "id": (pa.int64(), wide),
        "customer": (pa.int64(), wide),
        "account": (pa.uint64(), [2**64 - 1 - number for number in range(39)]),
        "paid": (pa.bool_(), [number % 2 == 0 for number in range(39)]),
        "price": (pa.decimal128(10, 2), [Decimal(f"{number}.10") for number in range(39)]),
        "day": (pa.date32(), [date(2024, 2, 1) + timedelta(number) for number in range(39)]),
        "time": (pa.timestamp("us", tz="Europe/Berlin"), [datetime(2024, 1, 1, number % 24) for number in range(39)]),
        "long": (pa.duration("s"), [timedelta(seconds=number) for number in range(39)]),
        "share": (pa.float64(), [number / 7 for number in range(39)]),
        "raw": (pa.binary(), [bytes([number, 255]) for number in range(39)]),
        "remark": (pa.string(), [f"a\0{number}" for number in range(39)]),
        "note": (pa.string(), [f"text {number}" for number in range(39)]),
        "label": (pa.int8(), [number % 2 for number in range(39)]),
    }
    columns = {name: pa.array([*values, None], kind) for name, (kind, values) in cells.items()}
    pq.write_table(pa.table(columns), mine / "t.parquet")
    prepared(project, "t.parquet", {"note": {"kind": "text"}}, split={"group": ["remark", "customer"]})
    kept = pa.table(columns).slice(0, 39)
    named = {"id": [str(number) for number in wide], "label": ["01"[number % 2] for number in range(39)]}
    for path in ("data/raw/manifest.parquet", "data/valid/manifest.parquet", "data/prepared/rows.parquet"):
        found = pq.read_table(path).slice(0, 39).to_pydict()
        for name in cells.keys() - {"note"} if "rows" in path else cells:
            at = f"column.{name}" if "rows" in path and name not in ("id", "label") else name
            assert found[at] == named.get(name, kept[name].to_pylist()), (path, name)
    rows = read_table()
    assert (len(rows), rows["group"].nunique()) == (39, 39)
    assert pq.read_table("data/valid/quarantine.parquet")["reason"].to_pylist() == [
        "the id is missing; every input is missing; no target has a label"
    ]


def test_texts_that_differ_behind_a_nul_stay_apart(project: Project, mine: Path) -> None:
    lines = [f"{kind}\0{number},good\0 {kind} {number},{kind}\0es\n" for number in range(15) for kind in ("y", "n")]
    (mine / "t.csv").write_text("house,note,label\n" + "".join(lines))
    rows = prepared(project, "t.csv", {"note": {"kind": "text"}}, split={"group": "house", "stratify": "label"})
    assert rows["note"].nunique() == rows["group"].nunique() == 30
    assert rows["label"].value_counts().to_dict() == {"y es": 15, "n es": 15}
    assert pq.read_table("data/raw/manifest.parquet")["note"][0].as_py() == "good\0 y 0"


WAYS = {  # of one table
    ".csv": ["1.0,True,Größe", "0.0,False,a  b", "1,TRUE, Gro\u0308ße ", "0,false,a b"],
    ".jsonl": [
        '{"cat": 1, "yes": true, "label": "Größe"}',
        '{"cat": 0.0, "yes": false, "label": "a\\u0000b"}',
        '{"cat": 1.0, "yes": true, "label": " Gro\u0308ße"}',
        '{"cat": null, "yes": "false", "label": "a b"}',
    ],
}


@pytest.mark.parametrize("suffix", WAYS)
def test_equal_values_are_one_input_one_label_and_one_slice(
    project: Project, mine: Path, suffix: str, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = (["cat,yes,label"] if suffix == ".csv" else []) + WAYS[suffix] * 20
    (mine / f"t{suffix}").write_text("\n".join(lines) + "\n")
    facts = {"facts": {"kind": "tabular", "categories": ["cat", "yes"]}}
    rows = prepared(project, f"t{suffix}", facts)
    assert rows["label"].value_counts().to_dict() == {"Größe": 40, "a b": 40}
    assert rows["facts"].nunique() == (2 if suffix == ".csv" else 3)
    packed = pq.read_table("data/prepared/facts/part-00000.parquet")["packed"].to_pylist()
    assert {"cat": "1", "yes": "true"} in [json.loads(item) for item in packed]
    found = {(part.column, part.value) for part in slices(pd.DataFrame(carried(rows)), rows.index.to_numpy())}
    assert found == {("cat", "0"), ("cat", "1"), ("yes", "false"), ("yes", "true")}
    assert read_json(Path("metrics/validate.json"), made_by="validate")["spellings"]["label"] == 2
    said = read_json(Path("data/raw/spellings.json"), made_by="ingest")
    assert said["label"]["Größe"] == {" Gro\u0308ße" + " " * (suffix == ".csv"): 20, "Größe": 20}
    assert "ingest: label: 2 values are spelled in several ways and read as one: " in capsys.readouterr().out
    assert "Spelled in several ways" in Path("reports/data/index.html").read_text()


def test_a_column_of_one_spelling_gives_no_word(project: Project, mine: Path) -> None:
    (mine / "t.csv").write_text("note,label\n" + "".join(f"n{n},{n % 2}.0\n" for n in range(40)))
    rows = prepared(project, "t.csv", {"note": {"kind": "text"}})
    assert sorted(rows["label"].unique()) == ["0", "1"]
    assert read_json(Path("metrics/validate.json"), made_by="validate")["spellings"] == {}


def test_ids_and_codes_that_look_like_numbers_stay_apart(project: Project, mine: Path) -> None:
    ids = ["007", "7", "1.1", "1.10", "1e3", "1000", "0x10", "+5", "5", "1_0", "10"]
    (mine / "t.csv").write_text("id,note,label\n" + "".join(f"{name},n,x\n{name}b,n,y\n" for name in ids))
    rows = prepared(project, "t.csv", {"note": {"kind": "text"}})
    assert sorted(rows["id"]) == sorted(ids + [f"{name}b" for name in ids])


def test_what_rows_of_a_table_say_is_what_a_request_says() -> None:
    facts = Tabular(numbers=["n"], categories=["c"])
    for cells in ([1, 1.0, "1", "1.0", Decimal("1.00")], [True, "True", "true", "TRUE"], ["é", "e\u0301", " é\u00a0"]):
        assert len({facts.pack(facts.accept({"c": cell, "n": cell if cell == 1 else 1})) for cell in cells}) == 1
