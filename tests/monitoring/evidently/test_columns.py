import re

import numpy as np
import pandas as pd

from sensorium.monitoring.drift.cells import read_sides
from sensorium.monitoring.drift.comparisons import of_column
from sensorium.monitoring.evidently.columns import EvidentlyReport, make_report
from sensorium.stats.permutation import weigh
from sensorium.stats.statistics import Kind

COLOURS = ("#123456", "#abcdef")  # of the reference, and of what is current
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


def p_values(reference: pd.DataFrame, current: pd.DataFrame, kinds: dict[str, Kind]) -> dict[str, float]:
    sides = {name: read_sides(reference[name], current[name], kind) for name, kind in kinds.items()}
    tests = {name: of_column(*pair, kinds[name]) for name, pair in sides.items()}
    return weigh(tests, np.arange(len(reference) + len(current)) >= len(reference), 0.05).p_values


def compare(reference: pd.DataFrame, current: pd.DataFrame, kinds: dict[str, Kind], bound: float) -> EvidentlyReport:
    """Columns tested and shown, all of which have enough values."""
    sides = {name: read_sides(reference[name], current[name], kind) for name, kind in kinds.items()}
    return make_report(sides, kinds, p_values(reference, current, kinds), bound, COLOURS)


def drifted(reference: pd.DataFrame, current: pd.DataFrame, kinds: dict[str, Kind], bound: float) -> list[str]:
    """The columns whose p-values are below the bound; Evidently must have counted as many and scored them so."""
    names = [name for name, p_value in p_values(reference, current, kinds).items() if p_value < bound]
    results = compare(reference, current, kinds, bound).snapshot.dict()["metrics"]
    scores = {r["config"]["column"]: r["value"] for r in results if r["config"]["type"].endswith("ValueDrift")}
    assert [name for name in kinds if scores[name] > 1] == names
    assert results[0]["value"]["count"] == len(names)
    return names


def test_nothing_is_found_in_rows_like_the_reference() -> None:
    assert drifted(rows(130, 0), rows(300, 1), KINDS, 0.05 / 6) == []


def test_each_kind_of_change_is_found_in_its_column_only() -> None:
    reference, bound = rows(130, 0), 0.05 / 6
    assert drifted(reference, rows(300, 1, characters=50), KINDS, bound) == ["text.characters"]
    assert drifted(reference, rows(300, 1, languages="eeffffdd"), KINDS, bound) == ["text.language"]
    silent = rows(300, 1).assign(**{"present.text": np.arange(300) % 10 > 5})
    assert drifted(reference, silent, KINDS, bound) == ["present.text"]


def test_columns_that_were_not_compared_are_known_but_not_shown() -> None:
    sides = {"text.characters": read_sides(rows(40, 0)["text.characters"], rows(40, 1)["text.characters"], Kind.NUMBER)}
    compared = make_report(sides, KINDS, {"text.characters": 0.2}, 0.01, COLOURS)
    assert list(compared.kinds) == list(KINDS)
    columns = {metric["config"].get("column") for metric in compared.snapshot.dict()["metrics"]}
    assert columns == {None, "text.characters"}


def test_a_constant_that_became_another_has_drifted() -> None:
    kinds = {"facts.rooms": Kind.NUMBER, "facts.brand": Kind.CATEGORY}
    reference = pd.DataFrame({"facts.rooms": [3] * 50, "facts.brand": ["a"] * 50})
    current = pd.DataFrame({"facts.rooms": [4] * 30, "facts.brand": ["b"] * 30})
    assert drifted(reference, current, kinds, 0.01) == ["facts.rooms", "facts.brand"]
    assert drifted(reference, reference, kinds, 0.01) == []


def test_of_many_classes_the_commonest_are_told_apart() -> None:
    kinds = {"facts.brand": Kind.CATEGORY}
    reference = pd.DataFrame({"facts.brand": [f"brand {number % 100}" for number in range(300)]})
    counts = next(
        metric["value"]["counts"]
        for metric in compare(reference, reference, kinds, 0.01).snapshot.dict()["metrics"]
        if metric["config"]["type"].endswith("UniqueValueCount")
    )
    assert len(counts) == 31
    assert counts["(others)"] == 210


def test_the_page_needs_nothing_else_and_names_every_column() -> None:
    page = compare(rows(130, 0), rows(300, 1, characters=50), KINDS, 0.05 / 6).html()
    assert not re.search(r"<(script|link|img|iframe)[^>]*(src|href)=", page)
    assert not re.search(r"url\((?!data:)", page[: page.index("<script")])
    assert all(f'"{name}"' in page for name in KINDS)
    columns = re.findall(r'{"title": "(\w+)", "field": "(\w+)"', page)
    assert [title for title, _ in columns] == ["Column", "Drift", "Score", "Reference", "Current"]
    assert re.findall(r'"title": "(\w+)", [^}]*"color": "(#\w+)"', page[: page.index('"data"')]) == [
        ("Reference", "#123456"),
        ("Current", "#abcdef"),
    ]
    assert "(1 out of 6)" in page
    assert len(page) < 5e6


def test_a_class_that_is_named_like_a_script_is_none() -> None:
    hostile = rows(100, 1).assign(**{"category.label": "</script><script>alert(1)</script>"})
    assert "<script>alert" not in compare(rows(130, 0), hostile, KINDS, 0.01).html()
