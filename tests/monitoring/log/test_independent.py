import numpy as np
import pandas as pd

from sensorium.monitoring.log.independent import one_per_unit, units_of, values_per_unit


def test_one_row_of_every_unit_is_kept_by_chance_that_is_the_same_twice() -> None:
    table = pd.DataFrame({"row": range(1000)})
    units = np.arange(1000) // 10
    kept = one_per_unit(table, units, 2000)
    assert (kept["row"].to_numpy() // 10).tolist() == list(range(100))
    assert 3 < (kept["row"] % 10).mean() < 6  # not always the first
    assert kept.equals(one_per_unit(table, units, 2000))
    few = one_per_unit(table, units, 7)
    assert len(few) == 7
    assert set(few["row"]) <= set(kept["row"])


def test_predictions_with_an_equal_value_of_a_grouping_input_are_one_unit() -> None:
    rows = pd.DataFrame({
        "_hash.text": ["a", "a", "b", None, None],
        "_hash.image": ["x", "y", "x", "z", "z"],
    })  # fmt: skip
    assert units_of(rows, ["text"], {}).tolist() == [0, 0, 1, 2, 2]  # the last two are the same in all inputs
    assert units_of(rows, ["text", "image"], {}).tolist() == [0, 0, 0, 1, 1]
    assert units_of(rows, [], {}).tolist() == [0, 1, 2, 3, 3]
    assert units_of(rows, ["sound"], {}).tolist() == [0, 1, 2, 3, 3]


def test_an_input_may_be_called_mark() -> None:
    rows = pd.DataFrame({"mark.words": [1.0, 2.0, 3.0], "_hash.mark": ["a", "a", "b"], "_hash.image": ["x", "y", "y"]})
    assert units_of(rows, ["mark"], {}).tolist() == [0, 0, 1]
    assert units_of(rows, ["image"], {}).tolist() == [0, 1, 1]


def test_logs_without_hashes() -> None:
    assert units_of(pd.DataFrame({"request_id": ["a", "b"]}), ["text"], {}).tolist() == [0, 1]


def test_a_value_that_comes_with_many_others_binds_nothing() -> None:
    """A microphone that hears nothing: the same clip with every picture."""
    rows = pd.DataFrame({
        "_hash.speech": ["silence"] * 6 + ["a", "a"],
        "_hash.image": ["u", "v", "w", "x", "y", "y", "z", "z"],
        "_hash.text": ["1", "2", "3", "4", "5", "5", "6", "7"],
    })  # fmt: skip
    few, many = {"speech": 1, "image": 4, "text": 4}, {"speech": 1, "image": 4, "text": 5}
    assert units_of(rows, ["speech"], few).tolist() == [0, 1, 2, 3, 4, 4, 5, 5]  # rows that are the same stay one
    assert units_of(rows, ["speech"], many).tolist() == [0] * 6 + [1, 1]
    assert units_of(rows[["_hash.speech"]], ["speech"], few).tolist() == [0] * 6 + [1, 1]  # nothing tells them apart
    rows["_hash.text"] = None
    assert units_of(rows, ["speech"], many).tolist() == [0, 1, 2, 3, 4, 4, 5, 5]
    rows["_hash.image"] = "u"  # one item, asked for again and again
    assert units_of(rows, ["speech"], few).tolist() == [0] * 6 + [1, 1]


def test_a_unit_may_have_as_many_values_as_the_largest_of_the_reference_and_what_chance_adds() -> None:
    reference = pd.DataFrame({
        "unit": [0] * 6 + list(range(1, 95)),
        "present.image": True,
        "image.axis.0": [0.1, 0.1, 0.2, 0.2, 0.3, np.nan, *range(94)],
        "present.text": [False] * 100,
    })  # fmt: skip
    assert values_per_unit(reference, ["image", "text"], 50) == {"image": 6, "text": 0}  # of 4% of 50
    assert values_per_unit(reference, ["image"], 1000) == {"image": 55}
