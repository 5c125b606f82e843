import numpy as np
import pandas as pd

from sensorium.monitoring.independent import one_of_each, units_of


def test_one_row_of_every_unit_is_kept_by_chance_that_is_the_same_twice() -> None:
    table = pd.DataFrame({"row": range(1000)})
    units = np.arange(1000) // 10
    kept = one_of_each(table, units, 2000)
    assert (kept["row"].to_numpy() // 10).tolist() == list(range(100))
    assert 3 < (kept["row"] % 10).mean() < 6  # not always the first
    assert kept.equals(one_of_each(table, units, 2000))
    few = one_of_each(table, units, 7)
    assert len(few) == 7
    assert set(few["row"]) <= set(kept["row"])


def test_predictions_with_an_equal_value_of_a_grouping_input_are_one_unit() -> None:
    rows = pd.DataFrame({
        "mark.text": ["a", "a", "b", None, None],
        "mark.image": ["x", "y", "x", "z", "z"],
    })  # fmt: skip
    assert units_of(rows, ["text"]).tolist() == [0, 0, 1, 2, 2]  # the last two are the same in all inputs
    assert units_of(rows, ["text", "image"]).tolist() == [0, 0, 0, 1, 1]
    assert units_of(rows, []).tolist() == [0, 1, 2, 3, 3]
    assert units_of(rows, ["sound"]).tolist() == [0, 1, 2, 3, 3]


def test_logs_without_marks() -> None:
    assert units_of(pd.DataFrame({"request_id": ["a", "b"]}), ["text"]).tolist() == [0, 1]
