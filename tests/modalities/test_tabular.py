import re
from datetime import date
from pathlib import Path

import pytest
from pydantic import ValidationError

from sensorium.data_root import DataRoot
from sensorium.encoders.encoder import encode
from sensorium.errors import BadInput
from sensorium.modalities import Tabular
from sensorium.modalities.written import Written

CARS = Tabular(numbers=["age", "price"], categories=["colour"])


def test_a_row_without_any_of_its_columns_lacks_the_input() -> None:
    assert CARS.raw({"age": None, "price": float("nan"), "colour": ""}, "car", DataRoot(Path())) is None
    assert CARS.raw({"age": "3", "price": None, "other": 1}, "car", DataRoot(Path())) == {"age": "3"}


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        ({"age": "old"}, "column 'age' holds 'old' where a number is expected"),
        ({"age": "inf"}, "column 'age' holds 'inf', which is not within 3.4e+38, as a number must be"),
        ({"colour": ["red"]}, "column 'colour' holds a list or an object where a single value is expected"),
        ({"y" * 10**6: 1}, f"unknown column '{'y' * 40}'; known: age, price, colour"),
        ({"wheels": 4}, "unknown column 'wheels'; known: age, price, colour"),
        ([1], "columns are expected as an object, not list"),
        ("{", "columns are expected as a JSON object"),
        ({}, "all columns are empty"),
    ],
)
def test_what_cannot_be_read_says_why(raw: object, sentence: str) -> None:
    with pytest.raises(BadInput) as caught:
        CARS.accept(raw)
    assert str(caught.value) == sentence


def taught(kind: Tabular, rows: list[dict[str, object]]) -> Tabular:
    return kind.model_copy(update={"learnt": kind.learn([kind.accept(row) for row in rows])})


def features(kind: Tabular, *rows: dict[str, object]) -> list[list[float]]:
    encoder = kind.load_encoder()
    found = encode(encoder.preprocess, encoder.network, [kind.accept(row) for row in rows])
    assert found.shape[1] == 1
    return [[round(float(number), 4) for number in row[0]] for row in found]


def test_a_number_is_told_in_pieces_between_quantiles_and_by_whether_it_is_known() -> None:
    ages = taught(Tabular(numbers=["age"]), [{"age": age} for age in range(161)])  # four bins, of 40 each
    found = features(ages, {"age": 0}, {"age": 60}, {"age": 160}, {"age": 500}, {"age": -20}, {"age": -1e30})
    assert found == [
        [0, 0, 0, 0, 1],
        [1, 0.5, 0, 0, 1],
        [1, 1, 1, 1, 1],
        [1, 1, 1, 2, 1],
        [-0.5, 0, 0, 0, 1],
        [-1, 0, 0, 0, 1],
    ]


def test_a_number_that_is_missing_counts_as_the_median() -> None:
    both = taught(Tabular(numbers=["age", "price"]), [{"age": age, "price": 2 * age} for age in range(41)])
    assert features(both, {"price": 80}) == [[0.5, 0, 1, 1]]


def test_a_category_has_a_place_for_names_of_five_rows_and_one_for_all_others() -> None:
    colours = ["red"] * 6 + ["blue"] * 5 + ["green"] * 4
    cars = taught(Tabular(categories=["colour"]), [{"colour": colour} for colour in colours])
    found = features(cars, *({"colour": colour} for colour in ("red", "blue", "green", "never seen")))
    assert found == [[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, 1]]


def test_a_date_is_its_day_its_weekday_and_where_it_stands_in_the_year_and_in_the_day() -> None:
    rows = [{"day": f"2026-01-{day:02}"} for day in range(1, 32)]
    days = taught(Tabular(dates=["day"]), rows)
    assert features(days, {"day": "2026-01-16"})[0][:9] == [0.5, 1, 0, 0, 0, 0, 1, 0, 0]  # a Friday
    noon = features(days, {"day": "2026-01-01T12:00:00"})[0]
    assert noon[-4:] == [0, 1, 0, -1]
    assert features(days, {"day": "2026-01-01T14:00:00+02:00"})[0] == noon


def test_what_is_the_same_in_all_training_rows_is_left_out() -> None:
    kind = Tabular(numbers=["age", "wheels", "price"], categories=["colour", "maker"])
    cars = taught(kind, [{"age": age, "wheels": 4, "colour": "red"} for age in range(50)])
    assert cars.left_out() == ["wheels", "price", "colour", "maker"]
    assert features(cars, {"wheels": 3, "age": 49}) == [[1, 1]]


def test_columns_that_never_vary_are_warned_of() -> None:
    table = {"age": ["3", "4"], "price": [None, None], "colour": ["1", "1.0"]}
    assert list(CARS.doubts(table)) == [
        "the column 'price' is empty in every row and says nothing: it is left out",
        "the column 'colour' is '1' in every row and says nothing: it is left out",
    ]


@pytest.mark.parametrize(
    ("written", "cell", "number"),
    [
        ({"thousands": ","}, "1,234.5", 1234.5),
        ({"thousands": ","}, "-12,34,567", -1234567.0),
        ({"thousands": ".", "decimal": ","}, "1.234,5", 1234.5),
        ({"thousands": " "}, "1\u202f234", 1234.0),
        ({"unit": "kg"}, "12 kg", 12.0),
        ({"unit": "$"}, "-$5", -5.0),
        ({"unit": "€", "decimal": ","}, "0,5 €", 0.5),
        ({"unit": "kg"}, 7, 7.0),
    ],
)
def test_a_number_is_read_as_it_is_said_to_be_written(written: dict[str, str], cell: object, number: float) -> None:
    kind = Tabular(numbers=["x"], written={"x": Written(**written)})
    assert kind.accept({"x": cell}) == {"x": number}


@pytest.mark.parametrize(
    ("written", "cell"),
    [({}, "1,234.5"), ({}, "12 kg"), ({"thousands": ","}, "1,2"), ({"decimal": ","}, "1.5"), ({"unit": "kg"}, "12 g")],
)
def test_a_number_that_is_written_otherwise_is_refused(written: dict[str, str], cell: str) -> None:
    kind = Tabular(numbers=["x"], written={"x": Written(**written)})
    with pytest.raises(BadInput) as caught:
        kind.accept({"x": cell})
    assert str(caught.value) == f"column 'x' holds {cell!r} where a number is expected"
    assert caught.value.cause is not None
    assert caught.value.cause.most == (
        "write amounts as 1234.5 or say under `written` how they are, or list it under categories"
    )


def test_a_date_is_read_in_the_order_that_is_named() -> None:
    kind = Tabular(dates=["day"], written={"day": Written(date="%d.%m.%Y")})
    assert kind.accept({"day": "26.11.2026"}) == {"day": "2026-11-26T00:00:00"}
    assert kind.accept({"day": "2026-11-26"}) == {"day": "2026-11-26T00:00:00"}
    assert kind.accept({"day": date(2026, 11, 26)}) == {"day": "2026-11-26T00:00:00"}
    with pytest.raises(BadInput) as caught:
        kind.accept({"day": "11/26/2026"})
    assert str(caught.value) == "column 'day' holds '11/26/2026' where a date is expected, written as %d.%m.%Y"


def test_a_date_that_no_calendar_has_in_utc_is_refused() -> None:
    with pytest.raises(BadInput) as caught:
        Tabular(dates=["day"]).accept({"day": "0001-01-01T00:00:00+14:00"})
    assert str(caught.value).startswith("column 'day' holds '0001-01-01T00:00:00+14:00' where a date is expected")


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        ({"thousands": ".", "decimal": "."}, "thousands and decimal are both '.'"),
        ({"date": "dd.mm.yyyy"}, "date: 'dd.mm.yyyy' names no part of a date; write it like %d.%m.%Y"),
    ],
)
def test_how_a_column_is_written_has_to_be_clear(keys: dict[str, str], sentence: str) -> None:
    with pytest.raises(ValidationError, match=re.escape(sentence)):
        Written(**keys)


def test_only_columns_that_are_read_are_written() -> None:
    with pytest.raises(ValidationError, match="written: 'weight' is no column under numbers or dates"):
        Tabular(numbers=["age"], written={"weight": Written(unit="kg")})


def test_a_column_is_a_number_or_a_category() -> None:
    with pytest.raises(ValidationError, match="the column 'age' is listed twice; it is a number, a category or a date"):
        Tabular(numbers=["age", "price"], categories=["age"])


def test_it_needs_columns() -> None:
    with pytest.raises(ValidationError, match="a tabular input needs column names"):
        Tabular()
