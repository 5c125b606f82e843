import gc

import numpy as np
import pandas as pd

from sensorium.evaluation.slices import Slice, as_numbers, presence, slices, verdicts


def test_columns_of_few_values_are_sliced_by_value_and_numbers_of_many_by_quartile() -> None:
    table = pd.DataFrame(
        {
            "city": ["Ulm"] * 60 + ["Bonn"] * 35 + [None] * 5,
            "words": [2.0] * 50 + [3.0] * 50,
            "seconds": np.arange(100) / 10 + 1000,
            "name": [f"row {n}" for n in range(100)],
            "same": 1,
            "rare": ["a"] * 10 + ["b"] * 90,
        }
    )
    found = {(part.column, part.value): int(part.rows.sum()) for part in slices(table, np.arange(100))}
    assert found == {
        ("city", "Bonn"): 35,
        ("city", "Ulm"): 60,
        ("words", "2"): 50,
        ("words", "3"): 50,
        ("seconds", "1000 to 1002"): 25,
        ("seconds", "1002 to 1005"): 25,
        ("seconds", "1005 to 1007"): 25,
        ("seconds", "1007 to 1010"): 25,
        ("rare", "b"): 90,
    }


def test_equal_values_are_one_slice_and_whole_numbers_beside_nothing_are_sliced_too() -> None:
    table = pd.DataFrame(
        {
            "sold": pd.Series([True, "true", "TRUE", None] * 25, dtype=object),
            "cut": ["a\0b", "a\0c"] * 50,
            "wide": pd.array([2**53, 2**53 + 1, 2**53 + 1, None] * 25, dtype="Int64"),
            "near": [0.12341, 0.12342] * 50,
            "count": pd.array([*range(99), None], dtype="Int64"),
        }
    )
    found = {(part.column, part.value): int(part.rows.sum()) for part in slices(table, np.arange(100))}
    assert found == {
        ("sold", "true"): 75,
        ("cut", "a b"): 50,
        ("cut", "a c"): 50,
        ("wide", "9007199254740992"): 25,
        ("wide", "9007199254740993"): 50,
        ("near", "0.12341"): 50,
        ("near", "0.12342"): 50,
        ("count", "0 to 24.5"): 25,
        ("count", "24.5 to 49"): 25,
        ("count", "49 to 73.5"): 24,
        ("count", "73.5 to 98"): 25,
    }


def test_numbers_in_letters_are_sliced_as_numbers_and_what_only_looks_like_some_is_not() -> None:
    numbers = pd.Series(np.arange(100) / 10)
    letters = pd.DataFrame({"price": numbers.map(str), "pieces": [str(n % 2) for n in range(100)]})
    letters.loc[3, "price"] = None
    typed = letters.assign(price=numbers.mask(numbers.index == 3), pieces=[n % 2 for n in range(100)])
    of_letters, of_numbers = (
        [(part.column, part.value, part.rows.tolist()) for part in slices(table.apply(as_numbers), np.arange(100))]
        for table in (letters, typed)
    )
    assert of_letters == of_numbers
    assert [value for _, value, _ in of_letters] == ["0 to 2.55", "2.55 to 5", "5 to 7.45", "7.45 to 9.9", "0", "1"]
    codes = pd.DataFrame({"zip": [f"0{n % 2}" for n in range(100)], "much": [f"{n}kg" for n in range(100)]})
    assert [part.value for part in slices(codes.apply(as_numbers), np.arange(100))] == ["00", "01"]


def test_a_slice_of_few_groups_is_left_out() -> None:
    table = pd.DataFrame({"city": ["Ulm"] * 50 + ["Bonn"] * 50})
    groups = np.concatenate([np.zeros(50, int), np.arange(1, 51)])
    assert [part.value for part in slices(table, groups)] == ["Bonn"]


def test_no_rows_have_no_slices() -> None:
    assert slices(pd.DataFrame({"city": []}), np.array([])) == []
    assert verdicts([], np.array([]), np.array([]), 0.95) == []


def grouped(random: np.random.Generator, rows: int = 600, size: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Rows whose groups are right or wrong together, at four in five."""
    groups = np.repeat(np.arange(rows // size), size)
    return (random.random(rows // size) < 0.8)[groups], groups


def test_where_no_slice_is_worse_one_is_pointed_out_about_as_rarely_as_stated() -> None:
    random = np.random.default_rng(0)
    gc.freeze()  # statsmodels collects garbage in every call, which takes long among the objects of other tests
    alarms = 0
    for _ in range(300):
        right, groups = grouped(random)
        city = random.integers(0, 12, 200)[groups]  # a whole group is in one city
        parts = [Slice("city", str(number), city == number) for number in range(12)]
        alarms += any(verdict.worse for verdict in verdicts(parts, right, groups, 0.95))
    gc.unfreeze()
    assert alarms / 300 < 0.09


def test_a_slice_that_is_worse_is_pointed_out_and_one_that_is_better_is_not() -> None:
    right, groups = grouped(np.random.default_rng(1))
    worse = np.arange(600) < 90
    right = np.where(worse, (groups % 5 < 2), right)
    better = (np.arange(600) >= 90) & (np.arange(600) < 180)
    right = np.where(better, True, right)
    parts = [Slice("city", "Ulm", worse), Slice("city", "Bonn", better)]
    found = verdicts(parts, right, groups, 0.95)
    assert [verdict.worse for verdict in found] == [True, False]
    assert found[0].rows == 90
    assert found[0].score == right[worse].mean()
    assert found[1].score == 1.0


def test_a_slice_of_a_perfect_model_is_not_worse() -> None:
    verdict = verdicts([Slice("a", "b", np.arange(50) < 25)], np.ones(50, bool), np.arange(50), 0.95)[0]
    assert (verdict.worse, verdict.p_value) == (False, 1.0)


def test_presence_names_the_inputs_of_a_row() -> None:
    items = {"text": np.array([0, 1, -1, -1]), "photo": np.array([0, -1, 5, -1])}
    assert presence(items).tolist() == ["text+photo", "text", "photo", ""]
