"""A real browser, and pages of a run in it, as a telephone and a screen show them."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
WIDTHS = (320, 390, 1280)


@contextmanager
def browsing(*arguments: str) -> Iterator[Any]:
    """A browser started with these arguments; skips the test where there is none."""
    playwright = pytest.importorskip("playwright.sync_api", reason="the Python package playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("no chromium, chromium-browser or google-chrome on the PATH")
    with playwright.sync_playwright() as one:
        chromium = one.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", *arguments])
        yield chromium
        chromium.close()


def scrolling_widths(page: Path, browser: Any) -> list[int]:
    """The widths at which a page scrolls sideways, with all that is folded opened; it may ask nobody for anything."""
    tab = browser.new_page()
    asked: list[str] = []
    tab.on("request", lambda request: asked.append(request.url))
    tab.goto(page.as_uri())
    tab.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    found = []
    for width in WIDTHS:
        tab.set_viewport_size({"width": width, "height": 800})
        if tab.evaluate("document.documentElement.scrollWidth") > width:
            found.append(width)
    tab.close()
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    assert [url for url in asked if url.startswith("file:")] == [page.as_uri()]
    return found


def addresses(page: Path, browser: Any) -> set[Path]:
    """The files that a page leads to."""
    tab = browser.new_page()
    tab.goto(page.as_uri())
    found = tab.eval_on_selector_all("a", "all => all.map((one) => one.href.split('#')[0])")
    tab.close()
    assert all(url.startswith("file://") for url in found)
    return {Path(url.removeprefix("file://")) for url in found} - {page}
