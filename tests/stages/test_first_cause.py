"""What validate says of rows that lose something: the first cause, counted, and nothing that merely follows from it."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from sensorium.dataset.problems import Problem, of_cells
from sensorium.errors import BadInput, UserError
from sensorium.modalities import Tabular
from sensorium.stages import ingest, prepare, validate
from tests.conftest import Project, png


def passengers(count: int = 158, sexless: int = 11) -> list[dict[str, Any]]:
    return [
        {
            "age": number % 60,
            "sex": None if number < sexless else ("male", "female")[number % 2],
            "port": f"port of {('Cherbourg', 'Cobh', 'Southampton')[number % 3]}",
            "survived": ("no", "yes")[number % 3 == 0],
        }
        for number in range(count)
    ]


FACTS = {"kind": "tabular", "numbers": ["age", "sex"]}
CAUSE = "column 'sex' of input facts holds text in 147 of 158 rows, e.g. 'female', 'male': list it under categories"


def stages(project: Project, rows: list[dict[str, Any]], *more: Any, **changes: Any) -> None:
    project.params |= changes
    project.write(rows, {"a.png": png()})
    for stage in (ingest, validate, *more):
        stage.run()


def test_text_among_numbers_is_the_cause_and_the_classes_are_not_blamed(project: Project) -> None:
    with pytest.raises(UserError) as found:
        stages(project, passengers(), inputs={"facts": FACTS}, targets={"survived": {}})
    assert str(found.value) == (
        f"{CAUSE}. Nothing can be learnt from the rows that are left; data/valid/quarantine.parquet has every row and "
        "its reason."
    )


def test_beside_another_input_only_the_input_is_lost(project: Project, capsys: pytest.CaptureFixture) -> None:
    inputs = {"facts": FACTS, "port": {"kind": "text"}}
    stages(project, passengers(), prepare, inputs=inputs, targets={"survived": {}})
    said = capsys.readouterr().out.splitlines()
    assert [line for line in said if line.startswith("validate: ")] == [
        f"validate: {CAUSE}",
        "validate: 158 of 158 rows are valid (147 lose an input or a label), 0 are in quarantine; "
        "data/valid/quarantine.parquet has each with its reason",
    ]
    rows = pd.read_parquet("data/prepared/rows.parquet")
    assert rows[["facts", "port"]].notna().sum().tolist() == [11, 158]
    assert CAUSE in Path("reports/data/index.html").read_text().replace("&#39;", "'")
    assert "158 rows, 7 expectations: 11 meet all of them, 147 lose an input or a label, 0 are set aside" in (
        next(Path("reports/validation/validations").rglob("*.html")).read_text()
    )


def test_where_params_say_so_a_bad_cell_costs_the_row(project: Project) -> None:
    inputs = {"facts": FACTS, "port": {"kind": "text"}}
    rows = passengers(40, sexless=20)
    stages(project, rows, inputs=inputs, targets={"survived": {}}, validation={"bad_cell": "row"})
    found = pd.read_parquet("data/valid/quarantine.parquet")
    assert len(found) == 20
    assert found[["input", "target"]].isna().all(axis=None)
    assert found["reason"].unique().tolist() == [
        f"facts: column 'sex' holds '{sex}' where a number is expected: leave the cell empty where it is not known"
        for sex in ("male", "female")
    ]


def test_a_few_bad_cells_are_no_reason_to_call_a_column_categories(project: Project) -> None:
    rows = [row | {"age": "n/a" if number < 3 else row["age"]} for number, row in enumerate(passengers(40))]
    facts = {"kind": "tabular", "numbers": ["age"], "categories": ["sex"]}
    stages(project, rows, inputs={"facts": facts, "port": {"kind": "text"}}, targets={"survived": {}})
    assert json.loads(Path("metrics/validate.json").read_text())["warnings"] == [
        "column 'age' of input facts holds text in 3 of 40 rows, e.g. 'n/a': leave the cell empty where it is not known"
    ]


@pytest.mark.parametrize(
    ("cell", "found", "what", "mend"),
    [
        ("1,234.5", "holds '1,234.5' where a number is expected", "holds text",
         "write it as 1234.5, or say under `written` what thousands mark, decimal sign or unit the column has"),
        ("12 kg", "holds '12 kg' where a number is expected", "holds text",
         "write it as 1234.5, or say under `written` what thousands mark, decimal sign or unit the column has"),
        ("inf", "holds 'inf', which is not within 3.4e+38, as a number must be", "holds what is not within 3.4e+38",
         "leave the cell empty where it is not known, or give all in a larger unit"),
        ("1e400", "holds '1e400', which is not within 3.4e+38, as a number must be", "holds what is not within 3.4e+38",
         "leave the cell empty where it is not known, or give all in a larger unit"),
    ],
)  # fmt: skip
def test_a_few_bad_numbers_are_told_what_to_do_in_the_line_and_in_quarantine(
    cell: str, found: str, what: str, mend: str
) -> None:
    facts = Tabular(numbers=["price"])
    with pytest.raises(BadInput) as caught:
        facts.accept({"price": cell})
    problem = Problem.of(caught.value, cell)
    assert problem.sentence == f"column 'price' {found}: {mend}"  # of quarantine
    (line,) = of_cells("input", "facts", [problem] * 2, 40, 40)
    assert line.words == f"column 'price' of input facts {what} in 2 of 40 rows, e.g. '{cell}': {mend}"


def test_a_class_of_too_few_rows_costs_the_label_where_the_row_has_another(project: Project) -> None:
    rows = [row | {"class": "first" if number < 3 else ["second", "third"][number % 2]}
            for number, row in enumerate(passengers(40, 0))]  # fmt: skip
    stages(
        project, rows, prepare, inputs={"port": {"kind": "text"}}, targets={"survived": {}, "fare": {"column": "class"}}
    )
    found = pd.read_parquet("data/valid/quarantine.parquet")
    assert found[["id", "input", "target", "reason", "column.class"]].to_numpy().tolist() == [
        [name, None, "fare", "fewer than 5 rows are of class 'first'", "first"] for name in ("1", "2", "3")
    ]
    prepared = pd.read_parquet("data/prepared/rows.parquet")
    assert prepared[["survived", "fare"]].notna().sum().tolist() == [40, 37]


def test_an_input_of_which_nothing_can_be_read_stops_with_its_cause(project: Project) -> None:
    rows = [row | {"photo": f"photos/{number}.png"} for number, row in enumerate(passengers(40))]
    with pytest.raises(UserError) as found:
        stages(project, rows, inputs={"photo": {"kind": "image"}, "port": {"kind": "text"}}, targets={"survived": {}})
    assert str(found.value) == (
        "the file of input photo does not exist in 40 of 40 rows, e.g. 'photos/0.png', 'photos/1.png', 'photos/2.png': "
        "paths are relative to the folder of the table. No row is left that has this input; "
        "data/valid/quarantine.parquet has every row and its reason."
    )


def test_targets_and_columns_that_may_be_meant_otherwise_get_a_word_once(
    project: Project, capsys: pytest.CaptureFixture
) -> None:
    rows = [
        {"price": f"{number % 45}.5", "code": number % 4, "flag": number % 2, "area": number * 1.7,
         "city": "ab"[number % 2], "zip": 10_000 + number}
        for number in range(250)
    ]  # fmt: skip
    facts = {"kind": "tabular", "numbers": ["code", "flag", "area"], "categories": ["zip"]}
    stages(project, rows, inputs={"facts": facts}, targets={"price": {}, "city": {}})
    assert [line for line in capsys.readouterr().out.splitlines() if line.startswith("validate: ")][:-1] == [
        "validate: targets.price: 45 classes in 250 rows, and they are numbers: if these are amounts, each is learnt "
        "as a class of its own; `kind: number` predicts amounts",
        "validate: inputs.facts: the number 'code' is only 0, 1, 2, 3: if these are names of something rather than "
        "amounts, list it under categories",
        "validate: inputs.facts: the category 'zip' has 250 different values, all of them numbers: if these are "
        "amounts, list it under numbers",
    ]


def test_a_target_that_differs_in_every_row_is_called_so(project: Project) -> None:
    rows = [{"note": f"note {number}", "label": f"item {number}"} for number in range(60)]
    with pytest.raises(
        UserError, match="targets.label: 60 classes in 60 rows, none of them in 5 or more; at least two "
    ):
        stages(project, rows)
    warnings = json.loads(Path("metrics/validate.json").read_text())["warnings"]
    assert warnings == [
        "60 classes have fewer than 5 rows of target label, in 60 of 60 rows, e.g. 'item 0', 'item 1', 'item 2'",
        "targets.label: 60 classes in 60 rows: they look like names or texts, which cannot be learnt",
    ]


def test_amounts_as_a_target_are_called_so(project: Project) -> None:
    rows = [{"note": f"note {number}", "label": f"{number * 1.5}"} for number in range(60)]
    with pytest.raises(UserError) as found:
        stages(project, rows)
    assert str(found.value) == (
        "targets.label: 60 classes in 60 rows, none of them in 5 or more, and they are numbers: `kind: number` "
        "predicts amounts; at least two classes of 5 rows are needed; data/valid/quarantine.parquet has every row and "
        "its reason."
    )


def test_amounts_in_another_way_of_writing_are_not_called_categories(project: Project) -> None:
    rows = [{"price": ["0,5", "1,200", "€2"][number % 3], "label": "ab"[number % 2]} for number in range(30)]
    with pytest.raises(UserError) as found:
        stages(project, rows, inputs={"facts": {"kind": "tabular", "numbers": ["price"]}})
    assert str(found.value) == (
        "column 'price' of input facts holds text in 30 of 30 rows, e.g. '0,5', '1,200', '€2': write amounts as "
        "1234.5 or say under `written` how they are, or list it under categories. No row is left that has this input; "
        "data/valid/quarantine.parquet has every row and its reason."
    )


def test_a_mark_of_missing_numbers_is_no_code(project: Project) -> None:
    rows = [{"depth": [-3.4028234663852886e38, 0, 1][number % 3], "label": "ab"[number % 2]} for number in range(60)]
    stages(project, rows, inputs={"facts": {"kind": "tabular", "numbers": ["depth"]}})
    assert json.loads(Path("metrics/validate.json").read_text())["warnings"] == []
