import numpy as np
import pandas as pd
import pytest

from sensorium.monitoring.columns import Compared, compare
from sensorium.monitoring.homogeneity import Kind

KINDS = {
    "present.text": Kind.FLAG,
    "text.characters": Kind.NUMBER,
    "text.language": Kind.CATEGORY,
    "text.axis.0": Kind.NUMBER,
    "category.label": Kind.CATEGORY,
    "category.confidence": Kind.NUMBER,
}


def rows(count: int, seed: int, languages: str = "eeeeeefd", characters: int = 40) -> pd.DataFrame:
    """Rows as the log has them; a tenth of them lack the text."""
    random = np.random.default_rng(seed)
    here = np.arange(count) % 10 > 0
    return pd.DataFrame(
        {
            "present.text": here,
            "text.characters": np.where(here, random.poisson(characters, count), np.nan),
            "text.language": pd.Series(random.choice(list(languages), count), dtype=object).where(here),
            "text.axis.0": np.where(here, random.normal(size=count), np.nan),
            "category.label": random.choice(["cat", "dog"], count),
            "category.confidence": random.beta(8, 2, count),
        }
    )


def drifted(compared: Compared, bound: float) -> list[str]:
    """The columns that drifted; Evidently must have counted as many and scored them so."""
    names = [name for name, p_value in compared.p_values.items() if p_value < bound]
    results = compared.snapshot.dict()["metrics"]
    scores = {r["config"]["column"]: r["value"] for r in results if r["config"]["type"].endswith("ValueDrift")}
    assert [name for name in compared.p_values if scores.get(name, 0) > 1] == names
    assert results[0]["value"]["count"] == len(names)
    return names


def test_nothing_is_found_in_rows_like_the_reference() -> None:
    assert drifted(compare(rows(130, 0), rows(300, 1), KINDS, 0.05 / 6), 0.05 / 6) == []


def test_each_kind_of_change_is_found_in_its_column_only() -> None:
    reference, bound = rows(130, 0), 0.05 / 6
    longer = compare(reference, rows(300, 1, characters=50), KINDS, bound)
    assert drifted(longer, bound) == ["text.characters"]
    french = compare(reference, rows(300, 1, languages="eeffffdd"), KINDS, bound)
    assert drifted(french, bound) == ["text.language"]
    silent = rows(300, 1).assign(**{"present.text": np.arange(300) % 10 > 5})
    assert drifted(compare(reference, silent, KINDS, bound), bound) == ["present.text"]


def test_p_values_are_the_same_again() -> None:
    first, again = (compare(rows(130, 0), rows(300, 1), KINDS, 0.01).p_values for _ in range(2))
    assert first == again
    assert list(first) == list(KINDS)


def test_columns_that_say_too_little_have_not_drifted() -> None:
    reference, current = rows(40, 0), rows(40, 1)
    text = [name for name in KINDS if name.startswith("text.")]
    current.loc[9:, text] = np.nan
    current["category.confidence"] = reference["category.confidence"] = 1.0
    compared = compare(reference, current.assign(nothing=np.nan), {**KINDS, "category.confidence": Kind.NUMBER}, 0.01)
    assert [compared.p_values[name] for name in [*text, "category.confidence"]] == [1.0] * 4
    with pytest.raises(ValueError, match="no column has 10 values"):
        compare(reference, current, {name: KINDS[name] for name in text}, 0.01)


def test_numbers_that_are_not_finite_are_left_out() -> None:
    odd = rows(100, 1)
    odd.loc[::2, "category.confidence"] = np.inf
    plain = odd.assign(**{"category.confidence": odd["category.confidence"].replace(np.inf, np.nan)})
    one, other = (compare(rows(130, 0), side, KINDS, 0.01).p_values for side in (odd, plain))
    assert one == other


def test_a_constant_that_became_another_has_drifted() -> None:
    kinds = {"facts.rooms": Kind.NUMBER, "facts.brand": Kind.CATEGORY}
    reference = pd.DataFrame({"facts.rooms": [3] * 50, "facts.brand": ["a"] * 50})
    current = pd.DataFrame({"facts.rooms": [4] * 30, "facts.brand": ["b"] * 30})
    assert drifted(compare(reference, current, kinds, 0.01), 0.01) == ["facts.rooms", "facts.brand"]


def test_of_many_classes_the_commonest_are_told_apart() -> None:
    kinds = {"facts.brand": Kind.CATEGORY}
    reference = pd.DataFrame({"facts.brand": [f"brand {number % 100}" for number in range(300)]})
    compared = compare(reference, reference, kinds, 0.01)
    assert compared.p_values == {"facts.brand": 1.0}
    counts = next(
        metric["value"]["counts"]
        for metric in compared.snapshot.dict()["metrics"]
        if metric["config"]["type"].endswith("UniqueValueCount")
    )
    assert len(counts) == 31
    assert counts["(others)"] == 210
