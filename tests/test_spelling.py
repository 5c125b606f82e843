from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sensorium.spelling import is_missing, merged, spelled, spellings


@pytest.mark.parametrize(
    ("name", "cells"),
    [
        (
            "1",
            [1, 1.0, "1", "1.0", "1.000", " 1\u00a0", b"1", Decimal("1.00"), np.int8(1), np.float32(1), np.uint64(1)],
        ),
        ("0", [0, -0.0, "-0", "0.0", "-0.0", Decimal("0E+3")]),
        ("-12", [-12, "-12.0", np.float64(-12)]),
        ("1.5", [1.5, "1.5", Decimal("1.50"), np.float16(1.5)]),
        ("0.1", [0.1, np.float32(0.1), float(np.float32(0.1)), Decimal("0.1"), "0.1"]),
        ("9007199254740993", [2**53 + 1, str(2**53 + 1), np.int64(2**53 + 1), Decimal(2**53 + 1)]),
        ("10000000000000000000000000", [10**25, Decimal(10**25)]),
        ("0.12345678901234567891", [Decimal("0.12345678901234567891"), "0.12345678901234567891"]),
        ("true", [True, "True", "true", "TRUE", np.bool_(True)]),
        ("false", [False, "False", "FALSE "]),
        ("Größe", ["Größe", "Gro\u0308ße", "\tGröße\n", "Größe\0".encode()]),
        ("dark red", ["dark red", "dark  red", "dark\0red", "dark\u2028red"]),
        ("ff00", [b"\xff\x00"]),
        ("2024-02-29", [date(2024, 2, 29), "2024-02-29"]),
        ("2024-02-29 00:00:00", [pd.Timestamp("2024-02-29")]),
        ("inf", [np.inf, "inf"]),
    ],
)
def test_equal_values_have_one_spelling(name: str, cells: list[Any]) -> None:
    assert [spelled(cell) for cell in cells] == [name] * len(cells)


def test_texts_that_are_not_the_same_number_stay_as_they_are() -> None:
    texts = [
        "007",
        "7",
        "1.10",
        "1.1",
        "1e3",
        "1000",
        "+1",
        ".5",
        "1.",
        "1,0",
        "0x10",
        "1_000",
        "yes",
        "Yes",
        "tRue",
        "①",
        "\u0661",  # a one in Arabic
    ]
    assert [spelled(text) for text in texts] == texts
    assert len({spelled(text) for text in texts}) == len(texts)


def test_what_is_missing() -> None:
    gone = [None, "", float("nan"), np.float32("nan"), Decimal("nan"), pd.NA, pd.NaT]
    assert all(is_missing(cell) for cell in gone)
    assert not any(is_missing(cell) for cell in [0, False, " ", "nan", [], {}, b"", np.float32(0)])


def test_what_a_client_has_lost_is_looked_for() -> None:
    assert list(spellings(1.5)) == ["1.5", "1.5", "1.50", "1.500", "1.5000", "1.50000"]
    assert list(spellings("1.5")) == ["1.5", "1.5"]  # a text has lost nothing
    assert list(spellings(1)) == ["1", "1", "1.0"]
    assert list(spellings("1.0")) == ["1.0", "1", "1.0"]
    assert list(spellings(True)) == ["True", "true", "true", "True", "TRUE"]


def test_values_of_several_spellings_are_counted() -> None:
    assert merged(["1", "1.0", "1", 1, None, "a ", "a", "b", " "]) == {"1": {"1": 2, "1.0": 1}, "a": {"a": 1, "a ": 1}}
