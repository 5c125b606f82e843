import numpy as np
import pandas as pd

from sensorium.monitoring.drift.cells import read_sides
from sensorium.stats.statistics import Kind


def test_numbers_that_are_not_finite_are_missing() -> None:
    before, now = read_sides(pd.Series([1, 2], [5, 6]), pd.Series([np.inf, None, 3.0]), Kind.NUMBER)
    assert (before.tolist(), before.index.tolist()) == ([1.0, 2.0], [0, 1])
    assert now.isna().tolist() == [True, True, False]


def test_a_flag_that_is_missing_is_false() -> None:
    before, now = read_sides(pd.Series([True, None], dtype=object), pd.Series([np.nan, np.nan]), Kind.FLAG)
    assert (before.tolist(), now.tolist()) == ([True, False], [False, False])


def test_names_are_cut_and_none_is_a_script() -> None:
    before, now = read_sides(pd.Series(["x" * 100, None]), pd.Series(["<script>", 3]), Kind.CATEGORY)
    assert (before[0], pd.isna(before[1])) == ("x" * 60, True)
    assert now.tolist() == ["\u2039script>", "3"]


def test_the_rarest_classes_become_one() -> None:
    many = [f"brand {number}" for number in range(29)] * 2
    reference, current = pd.Series([*many, "a", "b", "c", None]), pd.Series([*many, "a", "d", "d", None])
    before, now = read_sides(reference, current, Kind.CATEGORY)
    assert before[:58].tolist() == now[:58].tolist() == many
    assert before[58:].fillna("").tolist() == ["a", "(others)", "(others)", ""]
    assert now[58:].fillna("").tolist() == ["a", "(others)", "(others)", ""]
