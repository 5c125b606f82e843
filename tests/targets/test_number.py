import numpy as np
import pandas as pd
import pytest

from sensorium.errors import BadInput
from sensorium.targets import LearntNumber, Number

NUMBER = Number()


BEYOND = "is not within 1e+30, as a number must be that can be predicted: leave the cell empty if it is a mistake"
UNKNOWN = "is no number: leave the cell empty where it is not known; if these are names of classes, write `kind: class`"


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("12", 12.0), ("-0.5", -0.5), (7, 7.0), (2.5, 2.5), ("1e-300", 1e-300), ("1E5", 1e5), ("+5", 5.0), (".5", 0.5),
        ("\u0661\u0662.\u0665", 12.5), ("\uff11\uff12", 12.0), ("\u22125", -5.0), ("1e30", 1e30),
    ],
)  # fmt: skip
def test_a_number_is_read_as_it_is_written(cell: object, value: float) -> None:
    assert NUMBER.parse(cell) == value


@pytest.mark.parametrize(
    ("cell", "sentence"),
    [
        ("1,234.5", "'1,234.5' has marks within its digits: write 1234.5 for 1,234.5, and 12.5 for 12,5"),
        ("1.234,5", "'1.234,5' has marks within its digits: write 1234.5 for 1,234.5, and 12.5 for 12,5"),
        ("12,5", "'12,5' has marks within its digits: write 1234.5 for 1,234.5, and 12.5 for 12,5"),
        ("1_000", "'1_000' has marks within its digits: write 1234.5 for 1,234.5, and 12.5 for 12,5"),
        ("12 kg", "'12 kg' is more than a number: write the number alone, all in one unit"),
        ("$12", "'$12' is more than a number: write the number alone, all in one unit"),
        ("1:30", "'1:30' is more than a number: write the number alone, all in one unit"),
        ("0x10", "'0x10' is not in decimal digits: write 16 for 0x10"),
        (
            "007",
            "'007' begins with a zero, as codes do: write 7 for 007; if these are names of classes, write `kind: cl",
        ),
        ("2026-11-27", "'2026-11-27' is a date: write a number, such as the days since another date"),
        ("27.11.2026 8:30", "'27.11.2026 8:30' is a date: write a number, such as the days since another date"),
        ("[1, 2]", "'[1, 2]' holds several values: write one number"),
        ('{"v": 1}', "'{\"v\": 1}' holds several values: write one number"),
        ("1e400", f"'1e400' {BEYOND}, or give all in a larger unit"),
        ("1e31", f"'1e31' {BEYOND}, or give all in a larger unit"),
        (1e300, f"'1e+300' {BEYOND}"),
        (str(10**300), f"'1e+300' {BEYOND}"),
        ("9" * 400, f"'{'9' * 40}...' {BEYOND}"),
        *((word, f"'{word}' {BEYOND}") for word in ("inf", "-inf", "Infinity", "INF")),
        *((word, f"'{word}' {UNKNOWN}") for word in ("nan", "NaN", "NAN", "-nan", "NA", "N/A", "#N/A", "null", "None")),
        *((word, f"'{word}' {UNKNOWN}") for word in ("-", "?", "red", "true", "False", "\u00bd", "a" * 40)),
        (True, f"'True' {UNKNOWN}"),
        ("a" + "." * 70_000 + "a", f"'a{'.' * 39}...' {UNKNOWN}"),  # at once
    ],
)
def test_a_cell_that_is_no_number_says_what_to_do(cell: str, sentence: str) -> None:
    with pytest.raises(BadInput) as raised:
        NUMBER.parse(cell)
    assert raised.value.advised.startswith(sentence)


@pytest.mark.parametrize(
    ("label", "kept"),
    [
        (7, "7"), ("7.0", "7"), (12.5, "12.5"), ("1e5", "100000"), ("+5", "5"), ("\u0661\u0662", "12"), ("-0", "0"),
        (2**53 + 1, "9007199254740993"), ("9007199254740993", "9007199254740993"), (0.1 + 0.2, "0.30000000000000004"),
        ("1e-999999999", "0"),
    ],
)  # fmt: skip
def test_a_number_that_people_tell_is_kept_as_it_is(label: object, kept: str) -> None:
    assert LearntNumber.read_label(label) == kept


@pytest.mark.parametrize(
    ("label", "sentence"),
    [
        ("red", "'red' is no number"),
        ("12 kg", "'12 kg' is more than a number"),
        (None, "'None' is no number"),
        (True, "'True' is no number"),
        ([1], "'[1]' holds several values"),
        ({"v": 1}, "\"{'v': 1}\" holds several values"),
        (float("inf"), "'inf' is not within 1e+30, as a number must be that can be predicted"),
        (10**400, f"'1{'0' * 39}...' is not within 1e+30, as a number must be that can be predicted"),
    ],
)
def test_what_people_tell_that_is_no_number_says_what_is_expected(label: object, sentence: str) -> None:
    with pytest.raises(BadInput) as raised:
        LearntNumber.read_label(label)
    assert str(raised.value) == f"{sentence}; a number such as 12.5 is expected"


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


def test_numbers_that_no_computer_tells_apart_are_doubted() -> None:
    said = [*NUMBER.doubts([2**53 + number for number in range(200)])]
    assert said == [
        "198 of 200 numbers are larger than 9,007,199,254,740,992, where whole numbers are not told apart any more: "
        "if they are amounts, give them in a larger unit; ids cannot be learnt"
    ]


def test_parts_of_numbers_that_differ_in_their_last_digits_only_have_names_of_their_own() -> None:
    values = pd.Series([2.0**53 + number for number in range(0, 400, 2)])
    assert NUMBER.strata(values).value_counts().tolist() == [41, 40, 40, 40, 39]
