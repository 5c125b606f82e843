from pathlib import Path

import pytest
from pydantic import ValidationError

from sensorium.encoders.columns import BUCKETS
from sensorium.encoders.encoder import encode
from sensorium.errors import BadInput
from sensorium.modalities import Tabular

CARS = Tabular(numbers=["age", "price"], categories=["colour"])


def test_a_row_without_any_of_its_columns_lacks_the_input() -> None:
    assert CARS.raw({"age": None, "price": float("nan"), "colour": ""}, "car", Path()) is None
    assert CARS.raw({"age": "3", "price": None, "other": 1}, "car", Path()) == {"age": "3"}


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        ({"age": "old"}, "column 'age' holds 'old' where a number is expected"),
        ({"age": "inf"}, "column 'age' holds 'inf', which is no finite number"),
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


def test_numbers_carry_whether_they_are_known_and_categories_one_bucket() -> None:
    encoder = CARS.load_encoder()
    values = [CARS.accept({"age": "3", "colour": "red"}), CARS.accept('{"price": 2.5}')]
    features = encode(encoder.preprocess, encoder.network, values)
    assert features.shape == (2, 1, 4 + BUCKETS)
    assert features[0, 0, :4].tolist() == [3.0, 1.0, 0.0, 0.0]
    assert features[1, 0, :4].tolist() == [0.0, 0.0, 2.5, 1.0]
    assert (features[0, 0, 4:].sum(), features[1, 0, 4:].sum()) == (1.0, 0.0)


def test_equal_rows_pack_equal() -> None:
    one, other = CARS.accept({"age": 3, "colour": "dark  red"}), CARS.accept({"colour": "dark red", "age": "3"})
    assert CARS.pack(one) == CARS.pack(other)
    assert CARS.unpack(CARS.pack(one)) == {"age": 3.0, "colour": "dark red"}


def test_a_column_is_a_number_or_a_category() -> None:
    with pytest.raises(ValidationError, match="the column 'age' is listed twice; it is either a number or a category"):
        Tabular(numbers=["age", "price"], categories=["age"])


def test_it_needs_columns() -> None:
    with pytest.raises(ValidationError, match="a tabular input needs column names"):
        Tabular()
