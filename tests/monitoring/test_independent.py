import numpy as np
import pandas as pd

from sensorium.monitoring.independent import most_rows, one_of_each, units_of


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
    assert units_of(rows, ["text"], 20).tolist() == [0, 0, 1, 2, 2]  # the last two are the same in all inputs
    assert units_of(rows, ["text", "image"], 20).tolist() == [0, 0, 0, 1, 1]
    assert units_of(rows, [], 20).tolist() == [0, 1, 2, 3, 3]
    assert units_of(rows, ["sound"], 20).tolist() == [0, 1, 2, 3, 3]


def test_logs_without_marks() -> None:
    assert units_of(pd.DataFrame({"request_id": ["a", "b"]}), ["text"], 20).tolist() == [0, 1]


def test_a_value_that_comes_with_many_others_binds_nothing() -> None:
    """A microphone that hears nothing: the same clip with every picture."""
    rows = pd.DataFrame({
        "mark.speech": ["silence"] * 6 + ["a", "a"],
        "mark.image": ["u", "v", "w", "x", "y", "y", "z", "z"],
        "mark.text": ["1", "2", "3", "4", "5", "5", "6", "7"],
    })  # fmt: skip
    assert units_of(rows, ["speech"], 4).tolist() == [0, 1, 2, 3, 4, 4, 5, 5]  # rows that are the same stay one
    assert units_of(rows, ["speech"], 5).tolist() == [0] * 6 + [1, 1]
    assert units_of(rows[["mark.speech"]], ["speech"], 4).tolist() == [0] * 6 + [1, 1]  # nothing tells them apart
    rows["mark.text"] = None
    assert units_of(rows, ["speech"], 4).tolist() == [0, 1, 2, 3, 4, 4, 5, 5]
    rows["mark.image"] = "u"  # one item, asked for again and again
    assert units_of(rows, ["speech"], 4).tolist() == [0] * 6 + [1, 1]


def test_rows_of_the_largest_unit_are_its_share_and_what_chance_adds() -> None:
    assert most_rows(0.03, 50) == 8
    assert most_rows(0.03, 1000) == 52
    assert most_rows(1.0, 40) == 40
