"""Names that would run or fetch something wherever they stood unescaped, and pages that must not let them."""

from collections.abc import Sequence
from typing import Any

WORDS = (
    "{}<script>hacked=1</script><img src=x onerror=hacked=1><img src='http://evil.example/x.png'>\"'`|"
    "[x](javascript:hacked=1)![y](http://evil.example/y.png)</style></title></textarea></p></script><!--<script>"
    "\x1b]0;hacked\x07\x1b[31m[red][/][link=http://evil.example]$\\alpha$ {{{{7*7}}}} ${{7}}"
)


def hostile(name: str) -> str:
    """A name with all of that behind it."""
    return WORDS.format(name)


def faults(pages: Sequence[str], browser: Any) -> dict[str, list[str]]:
    """By the address of a page what happened beside showing it: scripts, dialogs, requests, words in the console."""
    tab, found = browser.new_page(), {page: [] for page in pages}

    def take(route: Any) -> None:
        if route.request.url.startswith((host, "data:", "blob:")):
            route.fallback()
        else:
            seen.append(route.request.url)
            route.abort()

    def dismiss(dialog: Any) -> None:
        seen.append(f"dialog {dialog.message}")
        dialog.dismiss()

    tab.route("**/*", take)
    tab.on("dialog", dismiss)
    tab.on("console", lambda message: seen.append(message.text))
    tab.on("pageerror", lambda error: seen.append(str(error)))
    for page, seen in found.items():
        host = "/".join(page.split("/")[:3]) if page.startswith("http") else page  # a service, or a file
        tab.goto(page)
        _open(tab)
        seen += ["a script ran" for frame in tab.frames if frame.evaluate("window.hacked") is not None]
    tab.close()
    return {page: seen for page, seen in found.items() if seen}


def _open(tab: Any) -> None:
    """Lets a page show all that it has."""
    if tab.url.endswith("/ui/"):
        tab.click("text=Example 1")
        tab.wait_for_selector(".answered")
    for frame in tab.frames[1:]:
        frame.click("tbody tr:first-child button")  # a row of Evidently's table opens to its plot
        frame.wait_for_selector(".js-plotly-plot svg")
    tab.wait_for_timeout(50)
