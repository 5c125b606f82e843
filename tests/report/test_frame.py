"""Evidently's table inside a page of the house, in a real browser."""

import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from sensorium.report.page import Page
from tests.browser import browsing, scrolling_widths
from tests.monitoring.evidently.test_columns import KINDS, compare, rows

PAPER = {"light": (255, 255, 255), "dark": (15, 20, 28)}
TEXT = {"light": "rgb(9, 9, 11)", "dark": "rgb(250, 250, 250)"}


@pytest.mark.slow
def test_it_has_the_pages_background_width_and_whole_height(tmp_path: Path) -> None:
    page = Page("Drift", "It drifted.", good=False)
    page.frame("Column by column", compare(rows(130, 0), rows(300, 1), KINDS, 0.01).html())
    (tmp_path / "index.html").write_text(page.html())
    with browsing() as browser:
        assert scrolling_widths(tmp_path / "index.html", browser) == []
        for scheme in PAPER:
            tab = browser.new_page(color_scheme=scheme, viewport={"width": 1280, "height": 1600})
            tab.goto((tmp_path / "index.html").as_uri())
            tab.wait_for_selector("iframe[style*='px']")
            frame = tab.frames[1]
            frame.wait_for_selector("td >> text=text.language")
            assert frame.eval_on_selector("td", "one => getComputedStyle(one).color") == TEXT[scheme]
            assert tab.eval_on_selector(".verdict .mark", "one => getComputedStyle(one).borderLeftStyle") == "none"
            assert (corner(tab), scrolls(frame)) == (PAPER[scheme], False)
            tab.close()


def corner(tab: Any) -> tuple[int, ...]:
    """The colour of the frame's corner."""
    return Image.open(io.BytesIO(tab.locator("iframe").screenshot())).convert("RGB").getpixel((3, 3))


def scrolls(frame: Any) -> bool:
    """Whether the table is cut off below, some time after it was laid out."""
    frame.wait_for_timeout(300)
    return frame.evaluate("document.body.firstElementChild.scrollHeight > innerHeight")
