"""What cells of a target that is a number may hold, in tables of every sort."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from sensorium.errors import UserError
from sensorium.files import read_json
from sensorium.stages import ingest, prepare, validate
from tests.conftest import Project

TOLD = {
    "12.5": "",
    "1e5": "",
    "\u0661\u0662": "",
    "9007199254740993": "",
    "1,234.5": "'1,234.5' has marks within its digits: write 1234.5 for 1,234.5, and 12.5 for 12,5",
    "1_000": "'1_000' has marks within its digits: write 1234.5 for 1,234.5, and 12.5 for 12,5",
    "12 kg": "'12 kg' is more than a number: write the number alone, all in one unit",
    "0x10": "'0x10' is not in decimal digits: write 16 for 0x10",
    "2026-11-27": "'2026-11-27' is a date: write a number, such as the days since another date",
    "inf": "'inf' is not within 1e+30, as a number must be that can be predicted: leave the cell empty if it is a "
    "mistake, or give all in a larger unit",
    "1e400": "'1e400' is not within 1e+30, as a number must be that can be predicted: leave the cell empty if it is a "
    "mistake, or give all in a larger unit",
    "nan": "'nan' is no number: leave the cell empty where it is not known; if these are names of classes, write "
    "`kind: class`",
}


@pytest.fixture
def numbers(project: Project) -> Project:
    """A project whose target is a number, read from a column of another name."""
    project.params |= {
        "inputs": {"facts": {"kind": "tabular", "numbers": ["a"]}},
        "targets": {"price": {"kind": "number", "column": "y"}},
        "split": {"group": [], "seed": 0},
    }
    return project


def ingested(project: Project, cells: list[Any], suffix: str = ".csv") -> pd.DataFrame:
    """The reasons of rows that are lost, by what their cell holds in data/raw."""
    project.params["data"]["path"] = f"mine/t{suffix}"
    project.write()
    table, path = pd.DataFrame({"a": range(len(cells)), "y": cells}), project.root / f"mine/t{suffix}"
    if suffix == ".csv":
        table.to_csv(path, index=False)
    elif suffix == ".jsonl":
        path.write_text("".join(f'{{"a": {a}, "y": {json.dumps(y)}}}\n' for a, y in enumerate(cells)))
    else:
        table.to_parquet(path)
    ingest.run()
    validate.run()
    lost = pd.read_parquet("data/valid/quarantine.parquet")
    raw = pd.read_parquet("data/raw/manifest.parquet").set_index("id")["y"]
    return pd.DataFrame({"cell": raw[lost["id"]].tolist(), "reason": lost["reason"], "id": lost["id"]})


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_each_cell_costs_its_row_and_says_why(numbers: Project, suffix: str) -> None:
    lost = ingested(numbers, [*map(str, range(30)), *TOLD], suffix)
    assert dict(zip(lost["cell"], lost["reason"], strict=True)) == {
        cell: f"price: {why}" for cell, why in TOLD.items() if why
    }
    assert lost["id"].tolist() == [str(number) for number in range(35, 43)]
    valid = pd.read_parquet("data/valid/manifest.parquet")
    assert valid["y"].tolist() == [*map(str, range(30)), "12.5", "1e5", "\u0661\u0662", "9007199254740993"]
    prepare.run()
    prepared = pd.read_parquet("data/prepared/rows.parquet")["price"].tolist()
    assert prepared == [*range(30), 12.5, 1e5, 12, 2.0**53]


def test_cells_of_json_that_are_no_text(numbers: Project) -> None:
    path = numbers.root / "mine/t.jsonl"
    numbers.params["data"]["path"] = "mine/t.jsonl"
    numbers.write()
    odd = ["true", "[1, 2]", '{"v": 1}', "1e400", "NaN", "null", "Infinity", "1" + "0" * 5000, "1" + "0" * 29, "-0.0"]
    path.write_text("".join(f'{{"a": {a}, "y": {cell}}}\n' for a, cell in enumerate([*map(str, range(30)), *odd])))
    ingest.run()
    validate.run()
    reasons = [
        reason.split(":")[1].strip() for reason in pd.read_parquet("data/valid/quarantine.parquet")["reason"][:4]
    ]
    beyond = "is not within 1e+30, as a number must be that can be predicted"
    assert reasons == ["'true' is no number", "'[1, 2]' holds several values", '\'{"v"', f"'1e400' {beyond}"]
    rest = pd.read_parquet("data/valid/quarantine.parquet")["reason"][4:].tolist()
    assert [reason[:40] for reason in rest] == [
        "no target has a label", "no target has a label", f"price: 'inf' {beyond}"[:40], f"price: '1{'0' * 31}"
    ]  # fmt: skip
    assert pd.read_parquet("data/raw/manifest.parquet")["y"].tolist()[-3:] == ["1" + "0" * 5000, "1" + "0" * 29, "0"]


@pytest.mark.parametrize(
    ("cells", "sentence"),
    [
        ([5] * 40, "targets.price: all numbers are 5, so there is nothing to learn; at least two different numbers "),
        ([None] * 40, "targets.price: no row has a number, so there is nothing to learn; at least two different "),
        (
            ["NA"] * 40,
            "a cell of target price is no number in 40 of 40 rows, e.g. 'NA': leave the cell empty where it is not "
            "known; if these are names of classes, write `kind: class`. Nothing can be learnt from the rows that are ",
        ),
        (
            [*(f"{number} kg" for number in range(39)), 5],
            "a cell of target price is more than a number in 39 of 40 rows, e.g. '0 kg', '1 kg', '2 kg': write the "
            "number alone, all in one unit. Nothing can be learnt from the rows that are left; data/valid/quarantine.",
        ),
        (
            [1e300, *[5] * 39],
            "targets.price: all numbers are 5, so there is nothing to learn; at least two different numbers are ne",
        ),
    ],
)
def test_a_target_of_which_nothing_can_be_learnt(numbers: Project, cells: list[Any], sentence: str) -> None:
    with pytest.raises(UserError) as found:
        ingested(numbers, cells)
    assert str(found.value).startswith(sentence)
    assert len(pd.read_parquet("data/raw/manifest.parquet")) == 40


def test_numbers_that_are_all_alike_in_training_stop_before_any_work(numbers: Project) -> None:
    numbers.params["split"]["seed"] = 5  # which gives the one that differs to validation
    assert ingested(numbers, [5.0] * 59 + [6.0]).empty
    with pytest.raises(UserError) as found:
        prepare.run()
    assert str(found.value) == (
        "targets.price: all training rows that have it say 5, so there is nothing to learn (42 of 42 do); add rows "
        "that say something else, or leave it out of params.yaml."
    )


def test_one_number_far_from_all_others_is_told(numbers: Project) -> None:
    ingested(numbers, [*range(199), 1e29])
    said = read_json(Path("metrics/validate.json"), made_by="validate")["warnings"]
    assert said[1] == (
        "targets.price: 1 of 200 numbers lie far from all others, such as 1e+29 where half are from 49.75 to 149.25: "
        "if they are mistakes, leave their cells empty"
    )
