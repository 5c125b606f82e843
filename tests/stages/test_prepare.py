import pandas as pd

from sensorium.dataset.split_warnings import split_warnings
from sensorium.targets import Class


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
