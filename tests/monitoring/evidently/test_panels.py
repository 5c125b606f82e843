import re

from sensorium.monitoring.evidently.panels import html
from tests.monitoring.evidently.test_columns import KINDS, compare, rows


def test_the_page_needs_nothing_else_and_names_every_column() -> None:
    page = html(compare(rows(130, 0), rows(300, 1, characters=50), KINDS, 0.05 / 6).snapshot)
    assert not re.search(r"<(script|link|img|iframe)[^>]*(src|href)=", page)
    assert not re.search(r"url\((?!data:)", page[: page.index("<script")])
    assert all(f'"{name}"' in page for name in KINDS)
    assert "its score is above 1: its p-value is below 0.0083" in page
    assert "(1 out of 6)" in page
    assert len(page) < 5e6


def test_a_class_that_is_named_like_a_script_is_none() -> None:
    hostile = rows(100, 1).assign(**{"category.label": "</script><script>alert(1)</script>"})
    assert "<script>alert" not in html(compare(rows(130, 0), hostile, KINDS, 0.01).snapshot)
