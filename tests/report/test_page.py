import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from sensorium.errors import UserError
from sensorium.plots import WIDE, canvas, curves
from sensorium.report.page import Page, drawing, read_page, render
from sensorium.report.strips import bars, whiskers


def page() -> Page:
    made = Page("A <title>", "The answer, in a sentence & more.", trail=[("Above", "../index.html")])
    made.table("Table", ["name", "value"], [["<b>bold</b>", "0.5"]], "A note.")
    made.picture("Bars", bars({"one": 1, "two": 2.5}))
    card = {"id": "row 1", "right": False, "predicted": "cat", "label": "dog", "chances": [("cat", 0.7), ("dog", 0.3)]}
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
    assert re.findall(r"""(?:src|href)=["'](?!data:|#)(.*?)["']""", html) == ["../index.html"]
    assert not re.findall(r"""url\((?!#)|@import|<script|<link""", html)


def test_what_stands_between_backticks_is_code() -> None:
    made = Page("A page", "There is none; `sensorium promote` makes one.")
    made.lines("To know", ["`<b>` and an odd `"])
    made.table("T", ["a"], [["b"]], "Set `gate`.")
    rule = {"name": "a.b", "value": "", "bound": "", "sense": "", "slack": "", "passed": True, "judged": False}
    made.rules("Rules", [rule | {"about": "see `a.b`"}])
    assert re.findall("<code>(.*?)</code>", made.html()) == [
        "sensorium promote",
        "&lt;b&gt;",
        "gate",
        "a.<wbr>b",  # the rule's name
        "a.<wbr>b",
    ]


def test_a_page_is_read_back_as_it_was(tmp_path: Path) -> None:
    page().write(tmp_path)
    again = read_page(tmp_path, made_by="validate")
    assert render("templates/page.html", page=again) == (tmp_path / "index.html").read_text()
    with pytest.raises(UserError, match="run `sensorium search` first"):
        read_page(tmp_path / "none", made_by="search")


def test_a_plot_is_in_the_colour_of_the_text_around_it_and_the_same_twice() -> None:
    def plot() -> str:
        (figure,) = curves({"image": {"blur": [0.9, 0.8]}}, ["clean", "mild"], "accuracy")
        return drawing(figure, "a plot")

    svg = plot()
    assert svg.startswith('<svg class="plot"')
    assert "#000000" not in svg
    assert "currentColor" in svg
    assert plot() == svg


def test_a_plot_as_wide_as_a_page_is_drawn_again_for_a_telephone() -> None:
    figure, axes = canvas(WIDE, 3)
    axes.plot([1, 2], [3, 4])
    svg = drawing(figure)
    assert re.findall('<svg class="(.*?)"', svg) == ["plot on-screens", "plot on-phones"]
    screen, phone = map(float, re.findall(r'<svg .*?width="([\d.]+)pt"', svg))
    assert phone < 72 * 4 < 72 * 9 < screen
    clips = [set(re.findall('clipPath id="(.*?)"', one)) for one in svg.split("plot on-phones")]
    assert all(clips)
    assert not clips[0] & clips[1]  # an id that is hidden on a telephone cannot be used there


def test_bars_carry_their_figures() -> None:
    html = " ".join(bars({"one": 1, "<two>": 2.5}, form="{:.1f}").split())
    assert re.findall("<dt>(.*?)</dt>", html) == ["one", "&lt;two&gt;"]
    assert re.findall("<b>(.*?)</b>", html) == ["1.0", "2.5"]
    assert re.findall("width: (.*?)%", html) == ["40.00", "100.00"]
    assert "<dl" in bars({})


def test_dots_have_a_scale_and_a_legend() -> None:
    rows = [("all", 0.5, [0.4, 0.6]), ("none", 0.2, None)]
    html = " ".join(whiskers(rows, ["red", "grey"], {"network": "red", "guess": "grey"}, line=("all", 0.5)).split())
    assert re.findall(r'class="dot"></i>(.*?)</span>', html) == ["network", "guess"]
    assert re.findall(r'class="dot" style="left: (.*?)%', html) == ["75.00", "0.00"]
    assert re.findall(r'class="interval" style="left: (.*?)%; width: (.*?)%"', html) == [
        ("50.00", "50.00"),
        ("0.00", "0.00"),
    ]
    assert re.findall(r'<i style="left: .*?%">(.*?)</i>', html) == ["0.2", "0.3", "0.4", "0.5", "0.6"]
    assert re.findall("<b>(.*?)</b>", html) == ["0.500", "0.200"]
    same = whiskers([("only", 0.3, None)], ["red"], {"network": "red"})
    assert "nan" not in same


def test_only_columns_of_numbers_are_aligned_right() -> None:
    made = Page("A page", "")
    made.table("T", ["name", "kind", "gain"], [["4x", "concat", ""], ["b", "", "+0.1 [-0.1, 0.2]"]])
    made.table("T", ["", ""], [["a", "12 rows"]], texts=2)
    made.table("T", ["a", "b"], [])
    assert [part["numbers"] for part in made.parts] == [[False, False, True], [False, False], []]
    assert made.html().count("<thead>") == 2
