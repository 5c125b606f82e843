import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from sensorium.errors import UserError
from sensorium.report.page import Page, drawing, read_page, render
from sensorium.report.plots import bars, curves, whiskers


def page() -> Page:
    made = Page("A <title>", "The answer, in a sentence & more.")
    made.table("Table", ["name", "value"], [["<b>bold</b>", "0.5"]], "A note.")
    made.picture("Bars", bars({"one": 1, "two": 2.5}))
    card = {"id": "row 1", "right": False, "said": "cat", "label": "dog", "chances": [("cat", 0.7), ("dog", 0.3)]}
    html = '<p class="words"><span class="for" style="--weight:0.50">cat</span></p>'
    made.examples("Rows", [card | {"inputs": [{"name": "note", "shapley": -0.25, "html": html}]}])
    return made


def test_a_page_needs_no_other_file_and_escapes_what_it_is_told(tmp_path: Path) -> None:
    page().write(tmp_path)
    html = (tmp_path / "index.html").read_text()
    HTMLParser().feed(html)
    assert "A &lt;title&gt;" in html
    assert "&lt;b&gt;bold&lt;/b&gt;" in html
    assert "-0.25" in html
    assert not re.findall(r"""(?:src|href)=["'](?!data:|#)|url\((?!#)|@import|<script|<link""", html)


def test_a_page_is_read_back_as_it_was(tmp_path: Path) -> None:
    page().write(tmp_path)
    again = read_page(tmp_path, made_by="validate")
    assert render("templates/page.html", page=again) == (tmp_path / "index.html").read_text()
    with pytest.raises(UserError, match="run `sensorium search` first"):
        read_page(tmp_path / "none", made_by="search")


def test_a_plot_is_in_the_colour_of_the_text_around_it_and_the_same_twice() -> None:
    plots = [
        lambda: bars({"a": 1.0}),
        lambda: whiskers([("a", 0.5, [0.4, 0.6]), ("b", 0.2, None)], ["red", "blue"], line=0.3),
        lambda: curves({"image": {"blur": [0.9, 0.8]}, "text": {"typos": [0.9, 0.9]}}, ["clean", "mild"], "accuracy"),
    ]
    for plot in plots:
        svg = drawing(plot())
        assert svg.startswith('<svg class="plot"')
        assert "#000000" not in svg
        assert "currentColor" in svg
        assert drawing(plot()) == svg
