"""Columns of a stranger's table: called anything, our own names too, and none lost on the way."""

import unicodedata

import pandas as pd
import pytest

from sensorium.dataset.columns import carried, slice_name
from sensorium.errors import UserError
from sensorium.stages import ingest, prepare, validate
from tests.conftest import Project, png

NFD = unicodedata.normalize("NFD", "âge d'été")
OURS = (
    "split",
    "group",
    "present",
    "reason",
    "weight",
    "language",
    "origin",
    "inputs",
    "input",
    "target",
    "row.origin",
)
ODD = (
    "clinical notes",
    " url",
    "prix (€)",
    "a.b",
    "1st",
    'say "hi"',
    "line\nbreak",
    "🙂",
    NFD,
    "x" * 500,
    "notes.words",
)
NUMBERS = ("prix (€)", "a.b", "1st", "digest", "packed", "unknown", "presence", "axis.0")
CATEGORIES = ("split", 'say "hi"', "line\nbreak", "🙂", NFD, "x" * 500)


def write(project: Project, rows: int = 40) -> None:
    """Rows that belong together in pairs, by ``group``."""
    project.params |= {
        "inputs": {
            "notes": {"kind": "text", "column": "clinical notes"},
            "photo": {"kind": "image", "column": " url"},
            "facts": {"kind": "tabular", "numbers": [*NUMBERS], "categories": [*CATEGORIES]},
        },
        "targets": {"returned": {"kind": "class", "column": "was it returned?"}},
        "split": {"train": 0.6, "val": 0.2, "test": 0.2, "group": ["group"], "stratify": "reason"},
    }
    table = [
        {name: f"{name} {number % 2}" for name in (*OURS, *ODD)}
        | dict.fromkeys(NUMBERS, number)
        | {
            "clinical notes": f"note {number}",
            " url": "a b.png",
            "group": f"g{number // 2}",
            "was it returned?": "yes" if number % 4 < 2 else "no",
            "notes": "a column called as an input",
            "returned": "a column called as a target",
        }
        for number in range(rows)
    ]
    project.write(table, {"a b.png": png()})


def test_a_table_may_have_any_columns_and_loses_none(project: Project) -> None:
    write(project)
    for stage in (ingest, validate, prepare):
        stage.run()
    table, rows = pd.read_csv("mine/table.csv", dtype=str), pd.read_parquet("data/prepared/rows.parquet")
    stood_for = {"clinical notes": "notes", " url": "photo", "was it returned?": "returned"}
    assert {*table.columns} - {*carried(rows)} == {*stood_for}
    assert all(rows[name].notna().all() for name in stood_for.values())
    assert rows["returned"].tolist() == ["yes", "yes", "no", "no"] * 10
    for name, cells in carried(rows).items():
        assert cells.tolist() == table[name].tolist()
    together = rows.groupby("column.group")["split"].nunique()
    assert (len(together), together.max()) == (20, 1)
    assert set(rows["split"]) == {"train", "val", "test"}
    described = pd.read_parquet("data/prepared/facts/part-00000.parquet")
    assert described["descriptor.prix (€)"].tolist() == list(range(40))
    assert described["digest"].nunique() == 40
    assert {
        "descriptor.digest",
        "descriptor.column.unknown",
        "descriptor.column.presence",
        "descriptor.column.axis.0",
    } < {*described.columns}


def test_a_split_by_the_column_of_an_input_is_by_what_it_holds(project: Project) -> None:
    write(project)
    project.params["split"] |= {"group": ["clinical notes"], "stratify": "was it returned?"}
    project.write([row | {"clinical notes": f"note  {row['1st'] // 5}" + " " * (row["1st"] % 2)} for row in
                   pd.read_csv("mine/table.csv").to_dict("records")])  # fmt: skip
    for stage in (ingest, validate, prepare):
        stage.run()
    rows = pd.read_parquet("data/prepared/rows.parquet")
    assert (rows["group"].nunique(), rows["notes"].nunique()) == (8, 8)
    assert rows.groupby("notes")["split"].nunique().max() == 1


def test_columns_that_no_one_asked_to_group_by_group_nothing(project: Project, capsys: pytest.CaptureFixture) -> None:
    write(project)
    project.params["split"]["group"] = []
    project.write()
    for stage in (ingest, validate, prepare):
        stage.run()
    assert "rows, each apart, since split.group is empty" in capsys.readouterr().out
    assert pd.read_parquet("data/prepared/rows.parquet")["column.group"].nunique() == 20


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"inputs": {"n": {"kind": "text", "column": "clinical_note"}}}, r"inputs.n: .* \(did you mean 'clinical"),
        ({"inputs": {"photo": {"kind": "image", "column": "url"}}}, r"inputs.photo: .* \(did you mean ' url'\?\)"),
        ({"targets": {"Reason": {}}}, r"targets.Reason: the data has no column 'Reason' \(did you mean 'reason'\?\)"),
        ({"split": {"group": ["âge d'été"]}}, r"split.group: .* It looks the same, but is written with other"),
        ({"inputs": {"age": {"kind": "text", "column": 2019}}}, r"inputs.age.column: 2019 was found, .* in quotes"),
        ({"inputs": {"age": {"kind": "tabular", "numbers": ["a", 1.5]}}}, r"inputs.age.numbers\[1\]: 1.5 was found"),
    ],
)  # fmt: skip
def test_a_name_that_is_nearly_right(project: Project, changes: dict, sentence: str) -> None:
    write(project, rows=2)
    project.params |= changes
    project.write()
    with pytest.raises(UserError, match=sentence) as found:
        ingest.run()
    assert "\n" not in str(found.value)
    assert len(str(found.value)) < 900


def test_slices_by_a_column_that_something_else_is_called_like() -> None:
    names = [
        "weight",
        "split",
        "a.b",
        "inputs",
        "origin",
        "returned",
        "notes",
        "notes.words",
        "column.a",
        "column.column.a",
    ]
    assert [slice_name(name, ["notes"], ["returned"]) for name in names] == [
        "weight", "split", "a.b", "column.inputs", "column.origin", "column.returned", "column.notes",
        "column.notes.words", "column.column.a", "column.column.column.a",
    ]  # fmt: skip
