import pandas as pd
import pytest

from sensorium.dataset.split_warnings import split_warnings
from sensorium.errors import UserError
from sensorium.stages import ingest, prepare, validate
from sensorium.targets import Class, Multilabel, Number
from tests.conftest import Project


def warned(**columns: list[str | None]) -> list[str]:
    rows = pd.DataFrame({"split": ["train"] * 6 + ["test"] * 6, "group": range(12)} | columns)
    return list(split_warnings(rows, {"t": Class()}))


def test_targets_that_the_test_rows_cannot_judge_are_named_before_any_work() -> None:
    assert warned(t=["a", "b"] * 6) == []
    assert warned(t=["a", "b"] * 3 + ["a"] * 6)[0].startswith(
        "t cannot be judged by its test rows (one label in 6 rows)"
    )
    assert warned(t=["a", "b"] * 4 + [None] * 4)[0].startswith("t cannot be judged by its test rows (2 rows)")
    groups = [*range(6), *[6] * 6]
    assert warned(t=["a", "b"] * 6, group=groups)[0].startswith(
        "t cannot be judged by its test rows (one group of 6 rows)"
    )


def test_a_class_that_no_test_row_is_of_is_named() -> None:
    assert warned(t=["a", "b", "c", "d", "a", "b"] + ["a", "b"] * 3) == [
        "no test row is of the t 'c', 'd': nothing will be known of how well they are told; more groups of them would "
        "change that."
    ]


def test_tags_that_training_or_test_rows_lack_are_named_one_by_one() -> None:
    cells = ['["a", "b"]', '["a", "d"]', '["a", "c"]', '["a", "b"]', "[]", '["a"]']  # of training rows
    cells += ['["a", "b"]', "[]", '["c"]', '["c"]', '["a"]', None]
    rows = pd.DataFrame({"split": ["train"] * 6 + ["test"] * 6, "group": range(12), "t": cells})
    assert list(split_warnings(rows, {"t": Multilabel(min_rows=2)})) == [
        "too few training rows have the t 'c', 'd': they are not learnt; more rows of them would change that."
    ]
    rows["t"] = cells[:6] + ['["a"]', "[]"] * 3
    assert list(split_warnings(rows, {"t": Multilabel(min_rows=2)})) == [
        "too few training rows have the t 'c', 'd': they are not learnt; more rows of them would change that.",
        "no test row is of the t 'b': nothing will be known of how well they are told; more groups of them would "
        "change that.",
    ]


def test_numbers_of_one_fifth_in_the_test_rows_still_judge() -> None:
    rows = pd.DataFrame({"split": ["train"] * 24 + ["test"] * 6, "group": range(30)})
    rows["t"] = [10.0 * number for number in range(1, 25)] + [1.0, 1.5, 2.0, 2.5, 3.0, 3.5]
    assert list(split_warnings(rows, {"t": Number()})) == [
        "no test row is of the t '124 to 182', '182 to 240', '66 to 124', '8.7 to 66': nothing will be known of how "
        "well they are told; more groups of them would change that."
    ]
    rows.loc[24:, "t"] = 2.0
    (sentence,) = split_warnings(rows, {"t": Number()})
    assert sentence.startswith("t cannot be judged by its test rows (one label in 6 rows)")


def test_rows_are_spread_by_parts_of_a_number_that_split_stratify_names(project: Project) -> None:
    project.params |= {
        "targets": {"price": {"kind": "number"}},
        "split": {"train": 0.6, "val": 0.2, "test": 0.2, "group": [], "stratify": "price"},
    }
    project.write([{"note": f"thing {place}", "price": place * 1.5} for place in range(60)])
    for stage in (ingest, validate, prepare):
        stage.run()
    rows = pd.read_parquet("data/prepared/rows.parquet")
    assert rows["split"].value_counts().to_dict() == {"train": 35, "test": 14, "val": 11}
    assert rows.groupby("split")["price"].mean().between(40, 50).all()  # of 0 to 88.5


def test_values_of_inputs_that_were_declared_otherwise_are_not_taken(project: Project) -> None:
    project.write(
        [{"note": f"thing {place}", "other": "a", "label": "no" if place % 2 else "yes"} for place in range(60)]
    )
    for stage in (ingest, validate):
        stage.run()
    project.params["inputs"]["note"]["column"] = "other"
    project.write()
    with pytest.raises(
        UserError, match=r"digests.parquet is of other inputs than params.yaml has now; run `dvc repro`"
    ):
        prepare.run()
