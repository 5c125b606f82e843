import numpy as np
import pandas as pd
import pytest

from sensorium.errors import BadInput
from sensorium.targets import Number

NUMBER = Number()


@pytest.mark.parametrize(("cell", "value"), [("12", 12.0), ("-0.5", -0.5), (7, 7.0), (2.5, 2.5), ("1e-300", 1e-300)])
def test_a_number_is_read_as_it_is_written(cell: object, value: float) -> None:
    assert NUMBER.parse(cell) == value


@pytest.mark.parametrize(
    ("cell", "sentence"),
    [
        ("1,234.5", "'1,234.5' has marks within its digits: write 1234.5 for 1,234.5, and 12.5 for 12,5"),
        ("12,5", "'12,5' has marks within its digits: write 1234.5 for 1,234.5, and 12.5 for 12,5"),
        ("12 kg", "'12 kg' is more than a number: write the number alone, all in one unit"),
        ("$12", "'$12' is more than a number: write the number alone, all in one unit"),
        ("inf", "'inf' is not within 1e+30, as a number must be that can be predicted"),
        ("1e400", "'1e400' is not within 1e+30, as a number must be that can be predicted"),
        ("1e31", "'1e31' is not within 1e+30, as a number must be that can be predicted"),
        ("nan", "'nan' is no number: if these are names of classes, write `kind: class`"),
        ("red", "'red' is no number: if these are names of classes, write `kind: class`"),
        ("true", "'true' is no number: if these are names of classes, write `kind: class`"),
    ],
)
def test_a_cell_that_is_no_number_says_what_to_do(cell: str, sentence: str) -> None:
    with pytest.raises(BadInput) as raised:
        NUMBER.parse(cell)
    assert str(raised.value) == sentence


def test_numbers_are_spread_by_fifths() -> None:
    values = pd.Series([*np.arange(100.0), np.nan])
    assert NUMBER.strata(values).value_counts().to_dict() == {
        "0 to 19.8": 20, "19.8 to 39.6": 20, "39.6 to 59.4": 20, "59.4 to 79.2": 20, "79.2 to 99": 20
    }  # fmt: skip
    assert NUMBER.strata(values).isna().tolist() == [False] * 100 + [True]
    assert NUMBER.strata(pd.Series([3.0, 3.0, None])).tolist()[:2] == ["3", "3"]


def test_few_numbers_and_numbers_far_from_all_others_are_doubted() -> None:
    assert [*NUMBER.doubts([str(number % 3) for number in range(60)])] == [
        "only 3 different numbers in 60 rows: if they stand for classes, `kind: class` tells them apart"
    ]
    assert [*NUMBER.doubts([*range(200), 1e9])] == [
        "1 of 201 numbers lie far from all others, such as 1e+09 where half are from 50 to 150: if they are mistakes, "
        "leave their cells empty"
    ]
    assert [*NUMBER.doubts(range(200))] == []
